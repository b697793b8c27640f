"""Compare this SDK with the published release: `make benchmarks`, or `python benchmarks`.

Sets up an environment for each of the two, runs every scenario, and prints medians and ratios, the
limits of the machine, and the outcome of faults. Tables, which only this SDK has, are compared with
CSV that pandas and polars write and read. A complete run at full size is written to RESULTS.md.

Each run is a new process, and the two releases take turns. Before its measured part a program signs
in and makes a call, so that the connection is warm. A local server answers, a process of its own
that shares the cores with the client; connections to any host are sent there, by patches that cost
nothing per request, and without TLS except where the title says so. Processor time is that of the
client's process alone, and its peak of memory includes the interpreter and all imports.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from environments import DATA, PUBLISHED, THIS, Environment, prepare
from rows import (
    FOOTPRINTS_HEAD,
    HEAD,
    TABLES_HEAD,
    Figures,
    Target,
    comparison_row,
    figure,
    footprint_row,
    row,
    rows,
    verdict,
)
from scenarios import MIB, Scenario, probes, scenarios, streams
from table_scenarios import Comparison, comparisons, footprints, table_rows

RESULTS = Path(__file__).with_name("RESULTS.md")
_ROUNDS = 5
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
    parser.add_argument(
        "--only",
        default="",
        help="text that the title of a scenario must contain, such as 'of a table' or 'TLS'",
    )
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
        lines = self._heading()
        codec = limits[_CODEC][0] if limits else None
        compared = [each for each in scenarios(scale) if self._only in each.title]
        if compared:
            lines += ["## Speed and memory", "", *HEAD]
        for scenario in compared:
            lines += self._compare(scenario, codec)
        if all(self._imports.values()):
            lines.append(self._import_row())
        lines += self._streams(scale)
        lines += self._tables(scale)
        lines += self._probes()
        if limits:
            lines += ["", "## Limits of the machine, without an SDK", "", "| | |", "|---|---|"]
            lines += [
                f"| {name} | {figure(rate)} {unit} |" for name, (rate, unit) in limits.items()
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
            "",
            f"Figures are medians of {self._rounds} runs, each in a new process; the two releases",
            "take turns. Before its measured part a program signs in and makes a call, so that the",
            "connection is warm. The server is another process on the same cores; connections go",
            "to it without TLS, except where a title says so. Processor time is that of the",
            "client's process alone. A ratio is the published release's time divided by that of",
            "this one; for memory, the import and a bare client's processor time, it is this",
            "release's figure divided by the other.",
            "",
            *versions,
            "",
        ]

    def _compare(self, scenario: Scenario, codec: float | None) -> Iterator[str]:
        programs = [
            (self._published, scenario.job),
            (self._this, scenario.job),
            *([(self._this, {**scenario.job, "program": scenario.bare})] if scenario.bare else []),
        ]
        old, new, *bare = map(Figures.of, self._in_turn(scenario.title, programs))
        return rows(scenario, old, new, bare[0] if bare else None, codec)

    def _import_row(self) -> str:
        old, new = (median(self._imports[name]) for name in self._imports)
        cells = [f"{seconds * 1000:.0f} ms" for seconds in (old, new)]
        target = Target(new / old, _IMPORT_TARGET)
        return row("`from anaplan_sdk import Client`", cells, f"{new / old:.2f}x", target)

    def _streams(self, scale: float) -> list[str]:
        rows = []
        for stream in streams(scale):
            if self._only in stream.title:
                measured = self._run(self._this, stream.title, stream.job)
                rate = scale * stream.amount / measured["seconds"]
                met = verdict(is_met=measured["peak"] <= stream.limit)
                peak = f"{measured['peak'] / MIB:.0f} MiB"
                limit = f"{stream.limit / MIB:.0f} MiB"
                rows.append(f"| {stream.title} | {figure(rate)} MiB/s | {peak} | {limit} | {met} |")
        if not rows:
            return []
        head = ["| | speed | peak of the whole process | target | |", "|---|---|---|---|---|"]
        return ["", "## Large streams, this SDK", "", *head, *rows]

    def _tables(self, scale: float) -> list[str]:
        compared = [each for each in comparisons(scale) if self._only in each.title]
        measured = [each for each in footprints(scale) if self._only in each.title]
        if not compared and not measured:
            return []
        lengths = table_rows(scale)
        _print_progress("files of tables")
        self._this.run("table_material.py", str(DATA), *map(str, lengths))
        return [
            "",
            f"## Tables of {lengths[0]:,} rows and 12 columns, this SDK",
            "",
            "Without tables, pandas or polars writes CSV that `upload_file` sends, or reads the",
            "CSV that `get_file` returns. Memory is the peak over that of the process before the",
            "measured part, after its imports; a data frame that is uploaded is part of neither.",
            "The second table is of Parquet files that are uploaded, and of record batches that",
            "are read one by one, each in one run.",
            "",
            *TABLES_HEAD,
            *map(self._compare_tables, compared),
            "",
            *FOOTPRINTS_HEAD,
            *(
                footprint_row(each, Figures.of([self._run(self._this, each.title, each.job)]))
                for each in measured
            ),
        ]

    def _compare_tables(self, comparison: Comparison) -> str:
        programs = [(self._this, comparison.other), (self._this, comparison.job)]
        return comparison_row(
            comparison, *map(Figures.of, self._in_turn(comparison.title, programs))
        )

    def _in_turn(
        self, title: str, programs: list[tuple[Environment, dict[str, Any]]]
    ) -> list[list[dict[str, Any]]]:
        runs: list[list[dict[str, Any]]] = [[] for _ in programs]
        for number in range(self._rounds):
            turns = list(zip(runs, programs, strict=True))
            for measured, (environment, job) in turns if number % 2 else reversed(turns):
                measured.append(self._run(environment, title, job))
        return runs

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
