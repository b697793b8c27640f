"""The report of a capture as files: Markdown for people, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk.cli.tenant.capturing.capture_state import write_json
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions, CaptureReport, Note

KEPT_NAMES = (
    "Names of workspaces, models, lists, properties, subsets, modules, line items, versions, "
    "views, files, columns and actions are kept, and so are formulas and ids, except for items' "
    "names and e-mail addresses in them."
)
_ANONYMOUS = (
    "Anonymous: people, items, texts, numbers and dates are replaced; notes and categories are "
    f"left out. {KEPT_NAMES} Look through the files before you pass them on."
)
_NOT_SHOWN = (
    "- What Anaplan's APIs do not show: mappings of imports, modules and filters of exports, "
    "filters of views, roles, pages, selective access."
)


def write_report(report: CaptureReport, options: CaptureOptions) -> None:
    """Write `report.md` and `report.json` into the folder of a capture.

    Args:
        report: The report.
        options: What was captured.
    """
    write_json(report.folder / "report.json", report_content(report))
    with replacing(report.folder / "report.md") as file:
        file.write(_markdown(report, options).encode())


def report_content(report: CaptureReport) -> dict[str, object]:
    """Return a report as it is in JSON.

    Args:
        report: The report.

    Returns:
        What was read, skipped and guessed.
    """
    return {
        "tenant_file": report.tenant_file.name,
        "read": report.read,
        "skipped": [{"place": each.place, "text": each.text} for each in report.skipped],
        "guessed": [{"place": each.place, "text": each.text} for each in report.guessed],
    }


def _markdown(report: CaptureReport, options: CaptureOptions) -> str:
    lines = ["# Capture", "", f"Data: {options.data}.", ""]
    if options.anonymise:
        lines += [_ANONYMOUS, ""]
    lines += ["## Read", "", "| what | how many |", "|---|---:|"]
    lines += [f"| {kind} | {count:,} |" for kind, count in report.read.items()]
    lines += ["", "## Guessed: to be confirmed", "", *_listed(report.guessed)]
    lines += ["", "## Skipped or approximated", "", *_listed(report.skipped)]
    lines += [
        "",
        "## Never captured",
        "",
        "- Other models of the workspace, and other workspaces.",
        "- Passwords, API keys, OAuth clients and other secrets.",
        "- Tasks, failure dumps, the audit log, CloudWorks and Financial Consolidation.",
        _NOT_SHOWN,
    ]
    return "\n".join(lines) + "\n"


def _listed(notes: Sequence[Note]) -> list[str]:
    if not notes:
        return ["Nothing."]
    lines: list[str] = []
    for place, several in groupby(notes, key=lambda each: each.place):
        lines += [f"- **{_escaped(place)}**: {_escaped(each.text)}" for each in several]
    return lines


def _escaped(text: str) -> str:
    """Return a text in one line, in which Markdown finds no marks."""
    return re.sub(r"([\\`*|<\[])", r"\\\1", " ".join(text.split()))
