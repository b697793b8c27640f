"""Compare this SDK with the published release: `make benchmarks`, or `python benchmarks`.

Sets up an environment for each of the two, runs every scenario in new processes, alternating
between them, and prints medians and ratios, the limits of the machine, and the outcome of faults. A
complete run at full size is written to RESULTS.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from environments import DATA, PUBLISHED, THIS, Environment, prepare
from scenarios import MIB, Scenario, probes, scenarios, streams

RESULTS = Path(__file__).with_name("RESULTS.md")
_ROUNDS = 3
_CODEC = "gzip by isal, level 1, 2 threads"
_IMPORT_TARGET = 0.6


def main() -> None:
    """Run the selected scenarios."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="runs of each scenario (default: %(default)s)"
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="share of the full size, such as 0.05 for a quick try",
    )
    parser.add_argument("--only", default="", help="text that the title of a scenario must contain")
    options = parser.parse_args()
    published, this = prepare("published", PUBLISHED), prepare("this", THIS)
    this.run("material.py", str(DATA))
    bench = Bench(published, this, options.rounds, options.only)
    report = "\n".join(bench.report(options.scale))
    print(report)
    if options.scale == 1 and not options.only:
        RESULTS.write_text(f"{report}\n", encoding="utf-8")


class Bench:
    """One run of all scenarios."""

    def __init__(self, published: Environment, this: Environment, rounds: int, only: str) -> None:
        self._published = published
        self._this = this
        self._rounds = rounds
        self._only = only
        self._imports: dict[str, list[float]] = {published.name: [], this.name: []}

    def report(self, scale: float) -> list[str]:
        """Return the lines of the report."""
        limits: dict[str, tuple[float, str]] = {}
        if not self._only:
            _print_progress("limits")
            limits = json.loads(self._this.run("limits.py", str(DATA)))
        lines = [*self._heading(), "## Speed and memory", ""]
        lines += ["| | published | this SDK | ratio | target | |", "|---|---|---|---|---|---|"]
        for scenario in scenarios(scale):
            if self._only in scenario.title:
                lines += self._compare(scenario, limits)
        if all(self._imports.values()):
            lines += self._import_row()
        lines += self._streams(scale)
        lines += self._probes()
        if limits:
            lines += ["", "## Limits of the machine, without an SDK", "", "| | |", "|---|---|"]
            lines += [
                f"| {name} | {_figure(rate)} {unit} |" for name, (rate, unit) in limits.items()
            ]
        return lines

    def _heading(self) -> list[str]:
        versions = [
            f"- {environment.name}: "
            + ", ".join(f"{name} {version}" for name, version in environment.versions().items())
            for environment in (self._published, self._this)
        ]
        today = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d")
        machine = f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}"
        return [
            "# Results",
            "",
            f"Measured on {today} by `make benchmarks`: {machine}, {platform.system()}.",
            f"Client and server share the cores. Figures are medians of {self._rounds} runs, each",
            "in a new process, alternating between the two releases.",
            "",
            *versions,
            "",
        ]

    def _compare(self, scenario: Scenario, limits: dict[str, tuple[float, str]]) -> list[str]:
        runs: dict[str, list[dict[str, Any]]] = {self._published.name: [], self._this.name: []}
        for number in range(self._rounds):
            pair = [self._published, self._this]
            for environment in pair if number % 2 else reversed(pair):
                runs[environment.name].append(self._run(environment, scenario.title, scenario.job))
        old, new = runs[self._published.name], runs[self._this.name]
        seconds = [median(run["seconds"] for run in each) for each in (old, new)]
        rates = [
            f"{amount:.2f} s" if scenario.unit == "s" else f"{_figure(amount)} {scenario.unit}"
            for amount in (
                value if scenario.unit == "s" else scenario.amount / value for value in seconds
            )
        ]
        ratio = seconds[0] / seconds[1]
        rows = [_row(scenario.title, [*rates, f"{ratio:.1f}x"], scenario.target, ratio, least=True)]
        added = [median(run["peak"] - run["before"] for run in each) for each in (old, new)]
        if scenario.memory is not None:
            share = added[1] / added[0]
            cells = [f"{size / MIB:.0f} MiB" for size in added]
            rows.append(_row("… memory", [*cells, f"{share:.2f}x"], scenario.memory, share))
        if scenario.of_content is not None:
            content = scenario.amount * MIB
            shares = [size / content for size in added]
            cells = [f"{share:.2f}x the content" for share in shares]
            rows.append(_row("… memory", [*cells, ""], scenario.of_content, shares[1]))
        if scenario.ideal is not None:
            share = scenario.amount / seconds[1] / scenario.ideal
            cells = ["", f"{share:.0%} of what 20 at a time allow", ""]
            rows.append(_row("… compared with `max_concurrency`", cells, None, share))
        if scenario.of_codec is not None and limits:
            share = scenario.amount / seconds[1] / limits[_CODEC][0]
            cells = ["", f"{share:.0%} of compression alone"]
            rows.append(
                _row(
                    "… compared with compression",
                    [*cells, ""],
                    scenario.of_codec,
                    share,
                    least=True,
                )
            )
        return rows

    def _import_row(self) -> list[str]:
        old, new = (median(self._imports[name]) for name in self._imports)
        share = new / old
        cells = [f"{seconds * 1000:.0f} ms" for seconds in (old, new)]
        title = "`from anaplan_sdk import Client`"
        return [_row(title, [*cells, f"{share:.2f}x"], _IMPORT_TARGET, share)]

    def _streams(self, scale: float) -> list[str]:
        rows = []
        for stream in streams(scale):
            if self._only in stream.title:
                measured = self._run(self._this, stream.title, stream.job)
                rate = scale * stream.amount / measured["seconds"]
                met = _verdict(measured["peak"] <= stream.limit)
                peak = f"{measured['peak'] / MIB:.0f} MiB"
                limit = f"{stream.limit / MIB:.0f} MiB"
                rows.append(
                    f"| {stream.title} | {_figure(rate)} MiB/s | {peak} | {limit} | {met} |"
                )
        if not rows:
            return []
        head = ["| | speed | peak of the whole process | target | |", "|---|---|---|---|---|"]
        return ["", "## Large streams, this SDK", "", *head, *rows]

    def _probes(self) -> list[str]:
        rows = []
        for probe in probes():
            if self._only in probe.title:
                cells = [
                    probe.describe(self._run(environment, probe.title, probe.job))
                    for environment in (self._published, self._this)
                ]
                rows.append(f"| {probe.title} | {' | '.join(cells)} |")
        if not rows:
            return []
        head = ["| | published | this SDK |", "|---|---|---|"]
        return ["", "## Outcome of faults", "", *head, *rows]

    def _run(self, environment: Environment, title: str, job: dict[str, Any]) -> dict[str, Any]:
        _print_progress(f"{title}: {environment.name}")
        text = environment.run("work.py", json.dumps({**job, "data": str(DATA)}))
        measured: dict[str, Any] = json.loads(text)
        if measured["error"]:
            raise RuntimeError(
                f"{title} failed with the {environment.name} release: {measured['error']}"
            )
        self._imports[environment.name].append(measured["imported"])
        return measured


def _row(
    title: str,
    cells: Iterable[str],
    target: float | None,
    value: float,
    *,
    least: bool = False,
) -> str:
    wanted = met = ""
    if target is not None:
        wanted = f"{'≥' if least else '≤'} {target:g}"
        met = _verdict(value >= target if least else value <= target)
    return f"| {title} | {' | '.join(cells)} | {wanted} | {met} |"


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "missed"


def _figure(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _print_progress(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
