"""Revisions of models: `anaplan alm revisions`, `diff` and `promote`."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.management.user_names import UserNames
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.options import Timeout
from anaplan_sdk.cli.references import choose, find_id, is_guid
from anaplan_sdk.cli.started_work import is_over_time, unseen_end

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import Promotion, Revision, SummaryReport

_COLUMNS = ("id", "name", "applied_on", "applied_by")
_COUNTS = ("kind", "created", "modified", "deleted")


@examples(
    "anaplan alm revisions -m 'Crew Planning'",
    "anaplan alm revisions -m 'Crew Planning' -o json | jq -r '.[0].id'",
)
def revisions(context: typer.Context) -> None:
    """List the revisions of a model.

    The one that was applied last comes first. JSON has also when and by whom each was created,
    and the ids of the users.
    """
    invocation = Invocation.of(context)
    with invocation.client() as client:
        found = client.alm.get_revisions("applied_on", descending=True)
        names = UserNames(client)
        rows = [
            {
                **each.model_dump(mode="json"),
                "created_by": names.of(each.created_by),
                "created_by_id": each.created_by,
                "applied_by": names.of(each.applied_by),
                "applied_by_id": each.applied_by,
            }
            for each in found
        ]
        if not rows:
            invocation.say("The model has no revisions.")
        invocation.output.rows(rows, _COLUMNS)


@examples(
    "anaplan alm diff --source 'Crew Planning' -m 'Crew Planning Live'",
    "anaplan alm diff --source 'Crew Planning' -m 'Crew Planning Live' --full",
    "anaplan alm diff report.txt --source 'Crew Planning' -m 'Crew Planning Live'",
)
def diff(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="The model to compare with: name or id.",
            autocompletion=completing("models"),
        ),
    ],
    dest: Annotated[
        str | None,
        typer.Argument(
            metavar="DEST", help="A file for Anaplan's report, text with tabs; or - for stdout."
        ),
    ] = None,
    source_revision: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Its revision: name or id; its latest by default."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="List every difference.")] = False,
    timeout: Timeout = None,
) -> None:
    """Compare a model with another model's revision.

    Prints how many objects a synchronization of the model -m to that revision would create, change
    and delete. The model's own side is its latest revision.
    """
    invocation = Invocation.of(context)
    destination = Destination.of_file(dest)
    if destination is not None and full:
        raise usage_error("DEST has every difference already: leave out --full.")
    with invocation.client() as client:
        source_id = find_id(client, ("models",), source)
        theirs = _revision(client.with_model(source_id), source, source_revision)
        ours = client.alm.get_latest_revision()
        if ours is None:
            raise _without_revision(repr(invocation.options.model or invocation.model_id))
        ids = theirs.id, source_id, ours.id
        invocation.state = "A comparison changes nothing."
        what = f"Comparing {ours.name} with {theirs.name}"
        with invocation.progress(what) as show, _waiting("A comparison changes nothing."):
            if not full and destination is None:
                summary = client.alm.create_comparison_summary(
                    *ids, timeout=timeout, on_progress=show
                )
                rows: list[dict[str, Any]] = list(_counts(summary))
                report = b""
            else:
                task = client.alm.create_comparison_report(*ids, timeout=timeout, on_progress=show)
                rows = [] if destination else list(_differences(client, task))
                report = client.alm.get_comparison_report(task) if destination else b""
    if destination is not None:
        destination.write([report], invocation.output)
    elif full:
        invocation.output.rows(rows, tuple(dict.fromkeys(name for row in rows for name in row)))
    else:
        invocation.output.rows(rows, _COUNTS)
    if destination is None and not rows:
        invocation.say(f"{ours.name!r} and {theirs.name!r} do not differ.")


@examples(
    "anaplan alm promote --source 'Crew Planning' -m 'Crew Planning Live' --dry-run",
    "anaplan alm promote --source 'Crew Planning' -m 'Crew Planning Live' --yes",
    "anaplan alm promote --source Dev --create-revision 'Release 12' -m Live --yes",
)
def promote(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="The model whose revision is taken: name or id.",
            autocompletion=completing("models"),
        ),
    ],
    revision: Annotated[
        str | None,
        typer.Option(metavar="REV", help="The revision: name or id; its latest by default."),
    ] = None,
    create_revision: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Create this revision in the source, and take it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")
    ] = False,
    timeout: Timeout = None,
) -> None:
    """Synchronize a model to another model's revision.

    The model -m is the one that changes. Prints the differences, asks for confirmation, and
    synchronizes. Anaplan cannot cancel a synchronization; if it fails, the model is unchanged.
    """
    invocation = Invocation.of(context)
    if create_revision is not None and (dry_run or revision is not None):
        raise usage_error("--create-revision cannot be combined with --dry-run or --revision.")
    if not dry_run and not invocation.options.yes and not invocation.interactive:
        raise usage_error(
            "This asks for confirmation.", "Without a terminal, give --yes, or --dry-run."
        )
    with invocation.client() as client:
        source_id = find_id(client, ("models",), source)
        revision_id = None
        if revision is not None:
            revision_id = _revision(client.with_model(source_id), source, revision).id
        target = client.get_model(str(invocation.model_id)).name
        unchanged = f"{target!r} was not synchronized; it is unchanged."
        if create_revision is not None:
            invocation.confirm(f"Create revision {create_revision!r} in {source!r}?")
            invocation.state = f"It is unknown whether revision {create_revision!r} was created."
            created = client.with_model(source_id).alm.create_revision(create_revision)
            unchanged = f"Revision {create_revision!r} was created. {unchanged}"
            invocation.say(f"Created revision {create_revision!r} in {source!r}.")
            revision_id = created.id
        invocation.state = unchanged
        with invocation.progress("Comparing") as show, _waiting(unchanged):
            plan = client.alm.promote(
                source_id, revision_id, dry_run=True, timeout=timeout, on_progress=show
            )
        if plan.summary is None:
            invocation.say(_sentence(plan))
            return
        invocation.output.rows(_counts(plan.summary), _COUNTS)
        invocation.say(_sentence(plan))
        if dry_run:
            return
        name = plan.source_revision.name
        invocation.confirm(f"Synchronize {target!r} to revision {name!r} of {source!r}?")
        shown = invocation.command_line("anaplan", "alm", "revisions")
        see = f"{shown} shows whether the revision was applied."
        invocation.state = f"The synchronization goes on at Anaplan, which cannot cancel it.\n{see}"
        with invocation.progress("Synchronizing") as show, _waiting(f"It goes on: {see}"):
            # Not a second `promote`: this synchronizes what has been confirmed, or nothing.
            client.alm.sync_models(
                plan.source_revision.id,
                source_id,
                plan.target_revision.id,
                timeout=timeout,
                on_progress=show,
            )
        invocation.state = f"{target!r} has revision {name!r}."
        invocation.say(invocation.state)


def _sentence(plan: Promotion) -> str:
    text = str(plan)
    return f"{text[0].upper()}{text[1:]}."


def _revision(client: Client, model: str, reference: str | None) -> Revision:
    """Return a revision of the client's model, by default the latest."""
    from anaplan_sdk.models import NamedObject

    if reference is None:
        latest = client.alm.get_latest_revision()
        if latest is None:
            raise _without_revision(repr(model))
        return latest
    known = {each.id: each for each in client.alm.get_revisions()}
    if is_guid(reference) and reference.upper() in known:
        return known[reference.upper()]
    objects = [NamedObject(id=each.id, name=each.name, kind="revision") for each in known.values()]
    return known[str(choose(objects, reference, "revision").id)]


def _without_revision(model: str) -> CommandError:
    return CommandError(
        ExitCode.NOT_FOUND,
        f"{model} has no revision, and only revisions can be compared and synchronized.",
        "'anaplan alm revisions -m MODEL' lists the revisions of a model.",
    )


def _counts(summary: SummaryReport) -> Iterator[dict[str, Any]]:
    for kind, totals in summary.differences.by_kind.items():
        yield {"kind": kind, **totals.model_dump()}


def _differences(client: Client, task: Any) -> Iterator[dict[str, str]]:
    """Yield the rows of a report, with the heading of their section."""
    for section, (columns, *rows) in client.alm.get_comparison_sections(task).items():
        for row in rows:
            yield {"section": section, **dict(zip(map(str.lower, columns), row, strict=False))}


@contextmanager
def _waiting(advice: str) -> Generator[None]:
    """Say of what was started at Anaplan how to find out about it, if waiting for it fails."""
    from anaplan_sdk.exceptions import AnaplanException, SynchronizationException

    try:
        yield
    except SynchronizationException as error:
        raise CommandError(
            ExitCode.RUN_FAILED, str(error), "The model is unchanged.", error.task_id
        ) from error
    except AnaplanException as error:
        # A comparison that goes on names no task.
        if error.task_id is None and not is_over_time(error):
            raise
        raise unseen_end(error, advice) from error
