"""What runs of CloudWorks refused, and why."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anaplan_sdk.cli.csv_pieces import csv_pieces
from anaplan_sdk.cli.invocation import Invocation

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models.cloud_works import Integration, RunError, RunStatus, RunSummary
    from anaplan_sdk.models.flows import FlowSummary

# Messages that are printed; a run may have one for each row.
_MOST_MESSAGES = 20


@dataclass
class Faults:
    """The errors of a run, those of its steps if it was a flow's.

    Attributes:
        rows: The rows that were refused, with their errors.
        messages: What went wrong, a line for each error.
        unlisted: The number of runs with errors of which Anaplan kept no rows.
    """

    rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    messages: list[str] = field(default_factory=list[str])
    unlisted: int = 0

    @property
    def count(self) -> int:
        """The number of refused rows. A run of which no rows were kept counts as one."""
        return len(self.rows) + self.unlisted

    def show(self, invocation: Invocation) -> None:
        """Print the messages to stderr.

        Args:
            invocation: The run of the command.
        """
        for line in self.messages[:_MOST_MESSAGES]:
            invocation.say(line)
        if len(self.messages) > _MOST_MESSAGES:
            invocation.say(f"... and {len(self.messages) - _MOST_MESSAGES:,} more messages")

    def csv(self) -> Generator[bytes]:
        """Return the refused rows as CSV; no row, no header.

        Returns:
            Pieces of the CSV.
        """
        # Each import has columns of its own.
        return csv_pieces(list(dict.fromkeys(name for row in self.rows for name in row)), self.rows)


def read_faults(client: Client, target: Integration | FlowSummary, run: RunStatus) -> Faults:
    """Read the errors of a run that has ended, and the rows that it refused.

    Args:
        client: The client.
        target: The integration or the flow.
        run: The run.

    Returns:
        The errors; none if all of the run succeeded.

    Raises:
        AnaplanException: They could not be read.
    """
    faults = Faults()
    if run.success and run.execution_error_code is None:
        return faults
    kind = getattr(target, "integration_type", None)
    if kind is not None:
        _add(faults, client, run.id, kind, "")
        return faults
    for step in client.cw.flows.get_flow(target.id).steps:
        for part in _runs_within(client.cw.get_run_history(step.referrer), run):
            if not part.success or part.execution_error_code is not None:
                faults.messages.append(f"{step.name}: {part.message}")
                _add(faults, client, part.id, step.type, step.name)
    return faults


def _runs_within(history: Sequence[RunSummary], flow: RunStatus) -> Iterator[RunSummary]:
    """Yield the runs of a step that belong to the run of a flow."""
    # What Anaplan's `flowGroupId` refers to is not documented, so the time decides.
    for run in history:
        started, ended = run.start_date, flow.end_date
        if started is None or not str(run.trigger_source).endswith("_inf"):
            continue
        if (flow.start_date or started) <= started <= (ended or started):
            yield run


def _add(faults: Faults, client: Client, run_id: str, kind: str, step: str) -> None:
    error = client.cw.get_run_error(run_id)
    faults.messages += _messages(error)
    before = len(faults.rows)
    if error is not None and any(each.failure_dump_generated for each in error.error_messages):
        read = client.cw.get_process_error_rows
        if kind == "Import":
            read = client.cw.get_import_error_rows
        extra = {"_Integration_": step} if step else {}
        faults.rows += [extra | row for row in read(run_id)]
    faults.unlisted += len(faults.rows) == before


def _messages(error: RunError | None) -> Iterator[str]:
    for action in error.error_messages if error else ():
        for detail in action.error_message:
            text = (detail.local_message_text or "").strip()
            yield ": ".join(filter(None, (action.action_name, text)))
