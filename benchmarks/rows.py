"""Rows of the tables: figures of both releases, ratios, targets and whether they are met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from scenarios import MIB, Scenario
from table_scenarios import Comparison, Footprint

HEAD = [
    "| | published | this SDK | ratio | target | | processor time, this : published |",
    "|---|---|---|---|---|---|---|",
]


@dataclass(frozen=True)
class Figures:
    """Medians of several runs of one program.

    Attributes:
        seconds: Duration.
        processor: Processor time of the process, in seconds.
        peak: Greatest resident memory of the process, in bytes.
        added: How much that is above the memory before the measured part.
        failure: The outcome of a program that did not do its work, or "".
    """

    seconds: float
    processor: float
    peak: float
    added: float
    failure: str

    @classmethod
    def of(cls, runs: list[dict[str, Any]]) -> Figures:
        """Return the medians of measurements."""
        outcomes = {run["outcome"] for run in runs} - {"", "returns"}
        return cls(
            median(run["seconds"] for run in runs),
            median(run["processor"] for run in runs),
            median(run["peak"] for run in runs),
            median(run["peak"] - run["before"] for run in runs),
            ", ".join(sorted(outcomes)),
        )


@dataclass(frozen=True)
class Target:
    """A limit, and the value that is compared with it."""

    value: float
    limit: float | None
    least: bool = False
    unit: str = ""

    def cells(self) -> tuple[str, str]:
        """Return the limit, and whether it is met."""
        if self.limit is None:
            return "", ""
        wanted = f"{'≥' if self.least else '≤'} {self.limit:g}{self.unit}"
        met = self.value >= self.limit if self.least else self.value <= self.limit
        return wanted, verdict(is_met=met)


def row(
    title: str,
    cells: Iterable[str],
    ratio: str = "",
    target: Target | None = None,
    processor: str = "",
) -> str:
    """Return a row of the first table; `cells` are those of the two releases."""
    limit = target.cells() if target else ("", "")
    return f"| {' | '.join([title, *cells, ratio, *limit, processor])} |"


def rows(
    scenario: Scenario,
    old: Figures,
    new: Figures,
    bare: Figures | None,
    codec: float | None,
) -> Iterator[str]:
    """Yield the row of a scenario and the rows of its other targets.

    Args:
        scenario: The scenario.
        old: Figures of the published release.
        new: Figures of this one.
        bare: Figures of the same requests without an SDK, if the scenario has them.
        codec: MiB per second of compression alone, if that was measured.
    """
    yield _speed(scenario, old, new)
    if scenario.memory is not None or scenario.peak is not None:
        cells = [f"{figures.peak / MIB:.0f} MiB" for figures in (old, new)]
        share = new.peak / old.peak
        target = Target(share, scenario.memory)
        if scenario.peak is not None:
            target = Target(new.peak / MIB, scenario.peak, unit=" MiB")
        yield row("… peak of the whole process", cells, f"{share:.2f}x", target)
    if scenario.of_content is not None:
        shares = [figures.added / (scenario.amount * MIB) for figures in (old, new)]
        cells = [f"{share:.2f}x the content" for share in shares]
        yield row("… memory", cells, "", Target(shares[1], scenario.of_content))
    if scenario.of_codec is not None and codec is not None:
        share = scenario.amount / new.seconds / codec
        target = Target(share, scenario.of_codec, least=True)
        cells = ["", f"{share:.0%} of compression alone"]
        yield row("… compared with compression", cells, "", target)
    if bare is not None:
        share = new.processor / bare.processor
        yield row(
            "… processor time of a bare httpx2 client",
            ["", f"{_milliseconds(bare.processor)} ms, this SDK {_milliseconds(new.processor)} ms"],
            f"{share:.2f}x",
            Target(share, scenario.of_bare),
        )


def _speed(scenario: Scenario, old: Figures, new: Figures) -> str:
    ratio = old.seconds / new.seconds
    target = Target(ratio, scenario.target, least=True)
    if scenario.seconds is not None:
        target = Target(new.seconds, scenario.seconds, unit=" s")
    return row(
        scenario.title,
        [figures.failure or _rate(scenario, figures.seconds) for figures in (old, new)],
        "" if old.failure or new.failure else f"{ratio:.2f}x",
        target,
        f"{_milliseconds(new.processor)} : {_milliseconds(old.processor)} ms",
    )


TABLES_HEAD = [
    "| | without | with tables | ratio | target | | processor time, with : without | memory |",
    "|---|---|---|---|---|---|---|---|",
]
FOOTPRINTS_HEAD = ["| | speed | memory | target | |", "|---|---|---|---|---|"]


def comparison_row(comparison: Comparison, other: Figures, new: Figures) -> str:
    """Return the row of a comparison."""
    ratio = other.seconds / new.seconds
    cells = [
        comparison.title,
        *(f"{each.seconds:.2f} s" for each in (other, new)),
        f"{ratio:.2f}x",
        *Target(ratio, comparison.target, least=True).cells(),
        f"{_milliseconds(new.processor)} : {_milliseconds(other.processor)} ms",
        f"{new.added / MIB:.0f} : {other.added / MIB:.0f} MiB",
    ]
    return f"| {' | '.join(cells)} |"


def footprint_row(footprint: Footprint, figures: Figures) -> str:
    """Return the row of a table of which only a part is in memory at a time."""
    added = figures.added / MIB
    limit = Target(added, footprint.limit, unit=" MiB").cells()
    rate = f"{figure(footprint.rows / figures.seconds)} rows/s"
    return f"| {' | '.join([footprint.title, rate, f'{added:.0f} MiB', *limit])} |"


def _rate(scenario: Scenario, seconds: float) -> str:
    if scenario.unit == "s":
        return f"{seconds:.2f} s"
    return f"{figure(scenario.amount / seconds)} {scenario.unit}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


def verdict(*, is_met: bool) -> str:
    """Return whether a target is met, in a word."""
    return "met" if is_met else "missed"


def figure(rate: float) -> str:
    """Return a number with three digits or more."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
