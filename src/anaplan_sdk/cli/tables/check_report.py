"""What `--check` has found, as it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError
from anaplan_sdk.cli.wording import counted

if TYPE_CHECKING:
    from anaplan_sdk import CheckReport
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.cli.limits import Limits

_COLUMNS = ("import", "column", "reason", "rows", "first_row", "examples")
_MOST_EXAMPLES = 3


def show_reports(invocation: Invocation, reports: Sequence[CheckReport]) -> None:
    """Print reports: JSON has all of them in full, tables and CSV a row for each problem.

    Args:
        invocation: The run of the command.
        reports: The reports, one for each import.
    """
    output = invocation.output
    if invocation.options.output in ("json", "jsonl"):
        for report in reports:
            output.record(_record(report))
    else:
        columns = _COLUMNS if len(reports) > 1 else _COLUMNS[1:]
        output.rows((row for report in reports for row in _rows(report)), columns)
    for report in reports:
        target = report.target
        if target is not None and target.is_inferred:
            invocation.say(
                f"{report.import_name!r} was compared with the {target.kind} {target.name!r}, "
                "which is inferred from its name."
            )
        by_reason: dict[str, list[str]] = {}
        for column, reason in report.unchecked.items():
            by_reason.setdefault(reason, []).append(column)
        for reason, names in by_reason.items():
            invocation.say(f"Values of {', '.join(names)} were not checked: {reason}.")


def judge(
    invocation: Invocation, reports: Sequence[CheckReport], limits: Limits, source: str
) -> ExitCode:
    """Return the exit code of a check.

    Args:
        invocation: The run of the command.
        reports: The reports.
        limits: How many rows may be refused.
        source: What was checked.

    Returns:
        The exit code if Anaplan would refuse nothing, or no more than is allowed.

    Raises:
        CommandError: It would.
    """
    sent = "Nothing was sent."
    if all(report.ok for report in reports):
        rows = counted(reports[0].rows, "row")
        invocation.say(f"No problems were found in {rows} of {source!r}. {sent}")
        return ExitCode.DONE
    columns = {
        problem.column for report in reports for problem in report.problems if not problem.count
    }
    count = max(report.refused for report in reports)
    if columns:
        raise CommandError(
            ExitCode.ROWS_REFUSED,
            f"{source!r} does not have the columns of the import: {', '.join(sorted(columns))}.",
            f"{sent} --rename NAME=NEW renames a column, --column NAME chooses the columns.",
        )
    found = f"{counted(count, 'row')} of {source!r} with problems"
    if count > limits.allowed:
        raise CommandError(
            ExitCode.ROWS_REFUSED,
            f"Anaplan may refuse {found}; --allow-refused is {limits.allowed}.",
            sent,
        )
    invocation.say(f"Anaplan may refuse {found}, which is allowed. {sent}")
    return ExitCode.DONE


def _rows(report: CheckReport) -> list[dict[str, Any]]:
    return [
        {
            "import": report.import_name,
            "column": problem.column,
            "reason": f"{problem.reason.value}{' (inferred)' if problem.is_inferred else ''}",
            "rows": problem.count or None,
            "first_row": problem.rows[0] if problem.rows else None,
            "examples": ", ".join(problem.examples[:_MOST_EXAMPLES]),
        }
        for problem in report.problems
    ]


def _record(report: CheckReport) -> dict[str, Any]:
    return {
        "import_id": report.import_id,
        "import_name": report.import_name,
        "ok": report.ok,
        "rows": report.rows,
        "refused": report.refused,
        "problems": [
            {
                "column": problem.column,
                "reason": problem.reason.value,
                "count": problem.count,
                "rows": list(problem.rows),
                "examples": list(problem.examples),
                "target": problem.target,
                "is_inferred": problem.is_inferred,
                "message": problem.message,
            }
            for problem in report.problems
        ],
        "unchecked": dict(report.unchecked),
    }
