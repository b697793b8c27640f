"""Runs of actions: `anaplan run`, `refused`, `tasks`, `wait` and `cancel`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from anaplan_sdk.cli.actions.action_run import ENDED, ActionRun
from anaplan_sdk.cli.actions.refused_rows import RefusedRows
from anaplan_sdk.cli.actions.run_parameters import Connector, Map, RunParameters
from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.limits import Limits
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.options import (
    AllowRefused,
    Locale,
    NoWait,
    Refused,
    RunStoreOption,
    Timeout,
)
from anaplan_sdk.cli.references import RUNNABLE, find_id, is_guid, kind_of
from anaplan_sdk.cli.wording import counted, utc_time

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import TaskSummary

Reference = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="The import, export, process or action: name or id.",
        autocompletion=completing(*RUNNABLE),
    ),
]
TaskId = Annotated[
    str | None,
    typer.Argument(metavar="TASK", help="The run: its task id; by default the latest run."),
]


@examples(
    "anaplan run 'Load flights' --allow-refused 1000 --refused refused.csv",
    "anaplan run 'Passenger Plan from passenger-plan.csv' --map Version=Forecast",
    "anaplan run 'Load flights' --run-store \"runs/$(date +%F).json\"",
)
def run(
    context: typer.Context,
    ref: Reference,
    mappings: Map = None,
    connector: Connector = None,
    locale: Locale = "en_US",
    no_wait: NoWait = False,
    timeout: Timeout = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    run_store: RunStoreOption = None,
) -> ExitCode:
    """Run an import, export, process or other action.

    It waits for the end, and prints the result of each step. Rows that Anaplan refuses make the
    exit code 6, unless they are allowed; rows that it imports only in part count as refused. After
    a failure or a cancellation the exit code is 3.

    With --run-store, a command that is repeated after a crash resumes the run that it started,
    and starts the action only if that run has failed. Use another path for tomorrow's run.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout, allow_refused, refused, no_wait=no_wait)
    parameters = RunParameters(mappings, connector)
    with invocation.client() as client:
        action_id = find_id(client, RUNNABLE, ref)
        resolved = parameters.resolve(client, action_id)
        action_run = ActionRun(invocation, client, ref, action_id, run_store=run_store)
        task = action_run.start(locale, *resolved)
        if no_wait:
            invocation.output.started({"task_id": task.id, "state": task.task_state})
            invocation.say(f"{action_run.command('wait')} waits for its end.")
            return ExitCode.DONE
        code = action_run.finish(limits)
        if kind_of(action_id) == "exports":
            download = action_run.command("download", task=False)
            invocation.say(f"{download} downloads the output.")
        return code


@examples(
    "anaplan refused 'Load flights'",
    "anaplan refused 'Load flights' refused.csv",
    "anaplan refused 'Load flights' 32F1B0A8C2D94E7FA61D5C3B8E907A24 refused.csv",
)
def refused(
    context: typer.Context,
    ref: Reference,
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK", help="The run: its task id; by default the latest that has ended."
        ),
    ] = None,
    dest: Annotated[
        str | None,
        typer.Argument(
            metavar="DEST", help="A .csv, .parquet, .arrow or .jsonl file, or - for CSV on stdout."
        ),
    ] = None,
) -> ExitCode:
    """Print the rows that a run refused, with the reasons.

    The rows have the columns of their source; _Line_ is their line in it, and _Error_1_ the first
    reason. _Status_ is E for a row that was refused, and W for one that was imported without the
    invalid value. The rows of a process have the name of the step in the column _Action_.

    Anaplan keeps the rows for 48 hours, or until the next run, for the user who ran it.
    """
    from anaplan_sdk.models import CompletedTask

    invocation = Invocation.of(context)
    if task is not None and dest is None and not is_guid(task):
        task, dest = None, task  # A path, such as `refused.csv` or `-`.
    destination = Destination.of_file(dest)
    with invocation.client() as client:
        action_id = find_id(client, RUNNABLE, ref)
        task = task or _latest(invocation, client, ref, action_id, has_ended=True)
        action_run = ActionRun(invocation, client, ref, action_id, task)
        with action_run.looking_up():
            status = client.get_task_status(action_id, task)
        if not isinstance(status, CompletedTask) and status.task_state != "CANCELLED":
            raise CommandError(
                ExitCode.STILL_RUNNING,
                f"Run {task} has not ended: it is {status.task_state}.",
                f"{action_run.command('wait')} waits for its end.",
                task,
            )
        with RefusedRows(client, status) as rows:
            rows.read()
            if destination is not None:
                rows.write(destination, invocation.output)
            elif rows.columns or invocation.options.output == "json":
                invocation.output.rows(rows, rows.columns, data=True)
            count = rows.counts.total()
        invocation.say(f"Run {task} refused {counted(count, 'row') if count else 'no rows'}.")
    return ExitCode.DONE


@examples(
    "anaplan tasks 'Load flights'", "anaplan tasks 118000000000 -o json | jq -r '.[0].task_id'"
)
def tasks(context: typer.Context, ref: Reference) -> None:
    """List the recent runs of an action.

    The newest is the first. Runs of other users are listed, too. COMPLETE does not say whether a
    run was successful: 'anaplan wait' prints its result.
    """
    invocation = Invocation.of(context)
    with invocation.client() as client:
        action_id = find_id(client, RUNNABLE, ref)
        found = _summaries(client, action_id)
        if not found:
            invocation.say(f"There are no recent runs of {ref!r}.")
        rows = ({"task_id": e.id, "state": e.task_state, "created": _created(e)} for e in found)
        invocation.output.rows(rows, ("task_id", "state", "created"))


@examples(
    "anaplan wait 'Load flights'",
    "anaplan wait 'Load flights' 32F1B0A8C2D94E7FA61D5C3B8E907A24 --timeout 600",
)
def wait(
    context: typer.Context,
    ref: Reference,
    task: TaskId = None,
    timeout: Timeout = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
) -> ExitCode:
    """Wait for the end of a run.

    It prints the result, and has the exit codes, of 'anaplan run'. A run that has ended is not
    waited for.
    """
    invocation = Invocation.of(context)
    limits = Limits.read(timeout, allow_refused, refused)
    with invocation.client() as client:
        action_id = find_id(client, RUNNABLE, ref)
        task = task or _latest(invocation, client, ref, action_id)
        return ActionRun(invocation, client, ref, action_id, task).finish(limits)


@examples(
    "anaplan cancel 'Load flights'",
    "anaplan cancel 118000000000 32F1B0A8C2D94E7FA61D5C3B8E907A24 -o json",
)
def cancel(context: typer.Context, ref: Reference, task: TaskId = None) -> ExitCode:
    """Cancel a run.

    Anaplan undoes what a cancelled run has changed, except the steps of a process that had already
    ended.
    """
    invocation = Invocation.of(context)
    with invocation.client() as client:
        action_id = find_id(client, RUNNABLE, ref)
        task = task or _latest(invocation, client, ref, action_id)
        action_run = ActionRun(invocation, client, ref, action_id, task)
        invocation.state = (
            f"It is unknown whether run {task} was cancelled: "
            f"{action_run.command('tasks', task=False)} shows its state."
        )
        after = action_run.cancel()
        said = action_run.describe_cancelled(after)
        if after.task_state == "COMPLETE":
            raise CommandError(
                ExitCode.FAILED, said, f"{action_run.command('wait')} prints its result.", task
            )
        invocation.output.record({"task_id": after.id, "state": after.task_state})
        invocation.say(said)
    return ExitCode.DONE


def _summaries(client: Client, action_id: str) -> list[TaskSummary]:
    """Return the recent runs, the newest first."""
    # Anaplan lists the oldest first; those without a time keep their places.
    found = client.get_task_summaries(action_id)[::-1]
    return sorted(found, key=lambda each: each.creation_time or 0, reverse=True)


def _latest(
    invocation: Invocation, client: Client, ref: str, action_id: str, *, has_ended: bool = False
) -> str:
    """Return the id of the latest run, and say which it is."""
    for each in _summaries(client, action_id):
        if not has_ended or each.task_state in ENDED:
            created = _created(each)
            since = f", created {created}" if created else ""
            invocation.say(f"The latest run of {ref!r} is {each.id}{since}.")
            return each.id
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"There is no recent run of {ref!r}{' that has ended' if has_ended else ''}.",
        "Anaplan removes runs when it unloads the model.",
    )


def _created(task: TaskSummary) -> str | None:
    if task.creation_time is None:
        return None
    return utc_time(datetime.fromtimestamp(task.creation_time // 1000, UTC))
