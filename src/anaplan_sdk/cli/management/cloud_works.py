"""CloudWorks: `anaplan cw ls`, `run`, `status` and `cancel`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.limits import Limits
from anaplan_sdk.cli.options import AllowRefused, NoWait, Refused, Timeout
from anaplan_sdk.cli.references import choose, is_guid
from anaplan_sdk.cli.started_work import offer_cancellation, unseen_end
from anaplan_sdk.cli.wording import counted, utc_time

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.exceptions import IntegrationRunException
    from anaplan_sdk.models.cloud_works import Integration, LatestRun, RunStatus, RunSummary
    from anaplan_sdk.models.flows import FlowSummary

    Target: TypeAlias = Integration | FlowSummary
    Run: TypeAlias = RunStatus | RunSummary | LatestRun

_RUN_COLUMNS = ("id", "state", "start_date", "message")


@examples(
    "anaplan cw ls",
    "anaplan cw ls integrations -o json | jq -r '.[].name'",
    "anaplan cw ls connections",
)
def ls(
    context: typer.Context,
    kind: Annotated[
        Literal["integrations", "flows", "connections"] | None,
        typer.Argument(
            metavar="KIND",
            help="integrations, flows or connections; by default integrations and flows.",
        ),
    ] = None,
) -> None:
    """List integrations and flows."""
    invocation = Invocation.of(context)
    with invocation.client(model=False) as client:
        if kind == "connections":
            rows = [
                {
                    **each.model_dump(mode="json"),
                    "name": getattr(each.body, "name", ""),
                    "type": each.connection_type,
                }
                for each in client.cw.get_connections()
            ]
            invocation.output.rows(rows, ("id", "name", "type"))
            return
        targets: list[Target] = []
        if kind != "flows":
            targets += client.cw.get_integrations()
        if kind != "integrations":
            targets += client.cw.flows.get_flows()
        described = (
            {
                **each.model_dump(mode="json"),
                "type": _kind(each),
                "latest": _state(each.latest_run) if each.latest_run else "",
            }
            for each in targets
        )
        invocation.output.rows(described, ("id", "name", "type", "latest"))


@examples(
    "anaplan cw run 'Airlines from S3'",
    "anaplan cw run 'Reload flights' --refused refused.csv --allow-refused 10",
    "anaplan cw run 'Airlines in, plan out' --timeout 600",
)
def run(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The integration or flow: name or id.")],
    no_wait: NoWait = False,
    timeout: Timeout = None,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
) -> None:
    """Run an integration or a flow.

    Waits for the end, prints the result, and counts the rows that its imports refused. The run
    goes on at CloudWorks after --timeout.
    """
    from anaplan_sdk.cli.management.cloud_works_results import read_faults

    invocation = Invocation.of(context)
    limits = Limits.read(timeout, allow_refused, refused, no_wait=no_wait)
    with invocation.client(model=False) as client:
        target = _chosen(_targets(client), ref)
        see = invocation.command_line("anaplan", "cw", "status", target.name, model=False)
        invocation.state = f"It is unknown whether {target.name!r} was started: {see} shows it."
        start = client.cw.flows.run_flow if _is_flow(target) else client.cw.run_integration
        run_id = start(target.id)
        if no_wait:
            invocation.output.started({"id": run_id, "name": target.name, "state": "started"})
            see = invocation.command_line("anaplan", "cw", "status", run_id, model=False)
            invocation.say(f"{see} shows it.")
            return
        ended, failure = _wait(invocation, client, target, run_id, limits)
        invocation.state = f"{target.name!r} has run: {ended.message}"
        if ended.recovered:
            invocation.say("The reply to the start was lost: this run may be another user's.")
        faults = read_faults(client, target, ended)
    if limits.refused is not None:
        limits.refused.write(faults.csv(), invocation.output)
    if not limits.is_stdout_taken:
        invocation.output.record({**_result(ended, target), "refused_rows": len(faults.rows)})
    faults.show(invocation)
    if failure is not None:
        raise failure
    if faults.count:
        rows = f"{counted(len(faults.rows), 'row')} of {target.name!r}"
        advice = limits.place("With --refused DEST, the next run writes them to a file.")
        if not faults.rows:
            rows = f"a part of {target.name!r}, and kept no rows of it"
            advice = "The messages above say why."
        invocation.say(limits.judge(faults.count, rows, advice, run_id))


@examples(
    "anaplan cw status 'Airlines from S3'",
    "anaplan cw status 'Airlines from S3' --history",
    "anaplan cw status f123063df9fb4add8c819eb77d0a9659 -o json",
)
def status(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(metavar="REF|RUN", help="The integration or flow, or the id of a run."),
    ],
    history: Annotated[
        bool, typer.Option("--history", help="List all runs, latest first.")
    ] = False,
) -> None:
    """Show a run of an integration.

    The latest run of the integration or flow, or the run that is named by its id.
    """
    from anaplan_sdk.cli.management.cloud_works_results import read_faults

    invocation = Invocation.of(context)
    with invocation.client(model=False) as client:
        targets = _targets(client)
        if is_guid(ref) and ref.lower() not in targets and not history:
            found = client.cw.get_run_status(ref.lower())
            target = targets.get(found.integration_id)
        else:
            target = _chosen(targets, ref)
            runs = sorted(client.cw.get_run_history(target.id), key=_started, reverse=True)
            if history:
                rows = [{**each.model_dump(mode="json"), **_facts(each)} for each in runs]
                invocation.output.rows(rows, _RUN_COLUMNS)
                return
            if not runs:
                start = invocation.command_line("anaplan", "cw", "run", target.name, model=False)
                raise CommandError(
                    ExitCode.NOT_FOUND, f"{target.name!r} has not run yet.", f"{start} runs it."
                )
            found = client.cw.get_run_status(runs[0].id)
        invocation.output.record(_result(found, target))
        if found.has_ended and target is not None:
            read_faults(client, target, found).show(invocation)


@examples(
    "anaplan cw cancel 'Airlines from S3'",
    "anaplan cw cancel cc8f2e9b82291b04f8c5544b7c5fbe45",
)
def cancel(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The integration: name or id.")],
) -> None:
    """Cancel the run of an integration.

    CloudWorks cancels neither queued runs nor flows: of a flow, cancel the integration that runs as
    its step.
    """
    invocation = Invocation.of(context)
    with invocation.client(model=False) as client:
        target = _chosen(_targets(client), ref)
        if _is_flow(target):
            raise usage_error(
                f"{target.name!r} is a flow, and CloudWorks does not cancel flows.",
                "Cancel the integration that it is running: 'anaplan cw ls' lists them.",
            )
        invocation.state = f"The run of {target.name!r} may have been cancelled."
        invocation.say(_cancelled(client, target))


def _wait(
    invocation: Invocation, client: Client, target: Target, run_id: str, limits: Limits
) -> tuple[RunStatus, IntegrationRunException | None]:
    """Return a run at its end, and the error of one that failed."""
    from anaplan_sdk.exceptions import (
        AnaplanException,
        IntegrationRunException,
        OutcomeUnknownException,
    )

    goes_on = f"Run {run_id} of {target.name!r} goes on at CloudWorks."
    see = invocation.command_line("anaplan", "cw", "status", run_id, model=False)
    invocation.state = f"{goes_on}\n{see} shows it."
    try:
        with invocation.progress(f"Running {target.name}") as show:
            return client.cw.wait_for_run(run_id, timeout=limits.timeout, on_progress=show), None
    except KeyboardInterrupt:
        if not _is_flow(target):
            offer_cancellation(
                invocation,
                f"Cancel run {run_id} at CloudWorks?",
                lambda: _cancelled(client, target),
                f"It is unknown whether run {run_id} was cancelled: {see} shows it.",
            )
        raise
    except IntegrationRunException as error:
        if error.run is None:
            raise
        return error.run, error
    except OutcomeUnknownException:
        raise
    except AnaplanException as error:
        raise unseen_end(error, f"{see} shows it.", run_id) from error


def _cancelled(client: Client, target: Target) -> str:
    client.cw.cancel_integration(target.id)
    return f"The run of {target.name!r} was cancelled."


def _targets(client: Client) -> dict[str, Target]:
    """Return the integrations and flows by their ids."""
    targets: list[Target] = [*client.cw.get_integrations(), *client.cw.flows.get_flows()]
    return {each.id: each for each in targets}


def _chosen(targets: Mapping[str, Target], reference: str) -> Target:
    """Return the integration or flow with an id or a name."""
    from anaplan_sdk.exceptions import NameNotFoundException
    from anaplan_sdk.models import NamedObject

    if found := targets.get(reference.lower()):
        return found
    objects = [
        NamedObject(id=each.id, name=each.name, kind="flow" if _is_flow(each) else "integration")
        for each in targets.values()
    ]
    try:
        return targets[str(choose(objects, reference, "integration or flow").id)]
    except NameNotFoundException as error:
        raise CommandError(
            ExitCode.NOT_FOUND, str(error), "'anaplan cw ls' lists integrations and flows."
        ) from error


def _is_flow(target: Target) -> bool:
    return _kind(target) == "flow"


def _kind(target: Target) -> str:
    return getattr(target, "integration_type", "flow") or "integration"


def _state(run: Run) -> str:
    """Return the state of a run in one or two words."""
    if run.end_date is None or run.success is None:
        return "running" if run.start_date else "queued" if run.message else ""
    if not run.success:
        return "cancelled" if "cancel" in run.message.lower() else "failed"
    return "done" if run.execution_error_code is None else "partly done"


def _facts(run: RunStatus | RunSummary) -> dict[str, Any]:
    return {
        "state": _state(run) or "queued",
        "start_date": utc_time(run.start_date),
        "end_date": utc_time(run.end_date),
    }


def _result(run: RunStatus, target: Target | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": target.name if target else None,
        **_facts(run),
        "message": run.message,
        "execution_error_code": run.execution_error_code,
        "integration_id": run.integration_id,
        "trigger_source": run.trigger_source,
        "trace_id": run.trace_id,
    }


def _started(run: RunSummary) -> datetime:
    # A queued run has no date yet.
    return run.start_date or run.last_run or datetime.max.replace(tzinfo=UTC)
