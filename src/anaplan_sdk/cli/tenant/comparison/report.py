"""The report of a comparison: as data, as Markdown and on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TypeAlias

from anaplan_sdk.cli.output import Output
from anaplan_sdk.cli.tenant.comparison.comparison import Comparison, Result
from anaplan_sdk.cli.tenant.comparison.differences import Difference
from anaplan_sdk.cli.tenant.comparison.vocabulary import Names

Data: TypeAlias = "dict[str, object]"

_MODEL = "/2/0/models/{modelId}/"
_NOTE = (
    "Made by `anaplan tenant compare`. It contains statuses, names of members, types and values of "
    "closed vocabularies; no ids, names, codes, addresses, texts or numbers of the tenant. "
    "`<name>` is a member that the emulator does not know, and whose name could be the tenant's."
)
# For people; the names of the kinds are for programs.
_KINDS = {
    "status": "status",
    "header": "header",
    "missing": "missing at the emulator",
    "additional": "only at the emulator",
    "type": "type",
    "value": "value",
    "order": "order of rows",
    "rows": "rows",
    "format": "format",
}


class Report:
    """What a comparison found, without anything that identifies the tenant.

    Args:
        comparisons: The runs: of the captured model, and of the scratch model if there was one.
        is_complete: Whether all probes were run.
    """

    def __init__(self, comparisons: Sequence[Comparison], *, is_complete: bool) -> None:
        self._names = Names(
            {name for each in comparisons for name in each.names.known},
            {text for each in comparisons for text in each.names.texts},
        )
        self._results = [result for each in comparisons for result in each.results]
        self.left = [left for each in comparisons for left in each.left]
        self._is_complete = is_complete
        self.differences = _distinct(map(self._shown, self._all_differences()))

    def _all_differences(self) -> Iterable[Difference]:
        return (each for result in self._results for each in result.differences)

    @property
    def has_differences(self) -> bool:
        """Whether a reply differed, or a documented behaviour does not hold."""
        return bool(self.differences) or any(each.verdict == "differs" for each in self._results)

    def _shown(self, difference: Difference) -> Data:
        return {
            "operation": difference.call.operation,
            "call": difference.call.label,
            "kind": difference.kind,
            "place": difference.shown_place(self._names),
            "live": difference.live,
            "emulator": difference.emulator,
        }

    def data(self) -> Data:
        """Return the report as data.

        Returns:
            The report, of JSON's types.
        """
        from anaplan_sdk import __version__

        return {
            "made_by": f"anaplan-sdk {__version__}",
            "complete": self._is_complete,
            "probes": [self._probe(each) for each in self._results],
            "differences": self.differences,
            "left": self.left,
        }

    def _probe(self, result: Result) -> Data:
        probe = result.probe
        return {
            "probe": probe.name,
            "statement": probe.statement,
            "source": f"docs/anaplan-behaviour.md#{probe.anchor}",
            "writes": probe.writes,
            "verdict": result.verdict,
            "live": result.text,
            "emulator": result.emulator_text,
            "calls": [
                {"call": each.call.label, "live": each.live, "emulator": each.emulator}
                for each in result.exchanges
            ],
            "differences": len(_distinct(map(self._shown, result.differences))),
        }

    def write(self, folder: Path) -> list[Path]:
        """Write the report as JSON and Markdown.

        Args:
            folder: The folder, which is created if necessary.

        Returns:
            The files.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = folder / "comparison.json", folder / "comparison.md"
        files[0].write_text(json.dumps(self.data(), indent=2) + "\n", encoding="utf-8")
        files[1].write_text(self.markdown(), encoding="utf-8")
        return list(files)

    def markdown(self) -> str:
        """Return the report as Markdown.

        Returns:
            The text.
        """
        data = self.data()
        lines = ["# Comparison of a live tenant with the emulator", "", _NOTE, ""]
        lines += [f"Made by {data['made_by']}."]
        if not self._is_complete:
            lines += ["", "**The run was interrupted: not all probes were run.**"]
        lines += ["", "## Differences", ""]
        if self.differences:
            columns = ("call", "difference", "live", "emulator")
            lines += _table(columns, [_row(each, shorten=False) for each in self.differences])
        else:
            lines += ["None."]
        lines += ["", "## Probes", ""]
        summary = ("probe", "result", "live", "emulator", "statement")
        lines += _table(summary, [self._summary(each, statement=True) for each in self._results])
        if self.left:
            lines += ["", "## Left in the scratch model", "", *(f"- {each}" for each in self.left)]
        return "\n".join(lines) + "\n"

    def show(self, output: Output, chosen: str | None) -> None:
        """Print the report.

        Args:
            output: Where to print.
            chosen: The format that `--output` names.
        """
        if chosen in ("json", "jsonl"):
            print(json.dumps(self.data(), indent=2 if chosen == "json" else None))
        elif chosen == "csv":
            columns = ("operation", "call", "kind", "place", "live", "emulator")
            output.rows(self.differences, columns)
        else:
            width = get_terminal_size().columns if output.is_terminal else None
            print("\n".join(self._lines(width)))

    def _lines(self, width: int | None) -> Iterable[str]:
        """Yield the lines for people, in which only texts are folded."""
        yield f"Probes ({len(self._results)})"
        rows = [self._summary(each) for each in self._results]
        widest = max((len(row["probe"]) for row in rows), default=0)
        for row in rows:
            yield f"  {row['probe']:{widest}}  {row['result']}"
            yield from _folded(row["live"], width)
            if row["emulator"] not in ("", "the same"):
                yield from _folded(f"emulator: {row['emulator']}", width)
        yield f"\nDifferences ({len(self.differences)})"
        call = ""
        for row in (_row(each, shorten=True) for each in self.differences):
            if row["call"] != call:
                call = row["call"]
                yield f"  {call}"
            sides = f"live: {row['live']}, emulator: {row['emulator']}"
            if "missing" in (row["live"], row["emulator"]):  # The kind says so already.
                sides = row["live"] if row["emulator"] == "missing" else row["emulator"]
            yield from _folded(f"{row['difference']} ({sides})", width)

    def _summary(self, result: Result, *, statement: bool = False) -> dict[str, str]:
        count = len(_distinct(map(self._shown, result.differences)))
        verdict: str = result.verdict
        if verdict == "compared":
            verdict = "same" if not count else f"{count} difference{'s' if count > 1 else ''}"
        row = {
            "probe": result.probe.name,
            "result": verdict,
            "live": result.text,
            "emulator": _emulator_text(result),
        }
        return {**row, "statement": result.probe.statement} if statement else row


def _folded(text: str, width: int | None) -> list[str]:
    indent = " " * 6
    if width is None:
        return [indent + text] if text else []
    return wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _emulator_text(result: Result) -> str:
    return (
        "the same" if result.text and result.emulator_text == result.text else result.emulator_text
    )


def _row(difference: Data, *, shorten: bool) -> dict[str, str]:
    call = str(difference["call"])
    kind, place = _KINDS[str(difference["kind"])], str(difference["place"])
    return {
        "call": call.replace(_MODEL, "") if shorten else call,
        "difference": f"{kind}: {place}" if place else kind,
        "live": str(difference["live"]),
        "emulator": str(difference["emulator"]),
    }


def _distinct(rows: Iterable[Data]) -> list[Data]:
    found = {json.dumps(each, sort_keys=True): each for each in rows}
    return list(found.values())


def _table(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> list[str]:
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return head + [
        "| " + " | ".join(_cell(row[name], is_code=name == "call") for name in columns) + " |"
        for row in rows
    ]


def _cell(text: str, *, is_code: bool) -> str:
    safe = text.replace("|", "\\|")
    # Otherwise `<name>` would be taken as HTML.
    return f"`{safe}`" if is_code else safe.replace("<", "&lt;")
