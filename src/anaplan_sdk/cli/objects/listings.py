"""Looking around: `anaplan ls` and `anaplan show`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.name_completion import completing
from anaplan_sdk.cli.references import (
    KINDS,
    choose,
    is_guid,
    is_id,
    kind_of,
    named,
    one_of,
    singular,
)

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import NamedObject

# Names of line items are those of a model's columns; many are not unique.
_IN_MODELS = ("files", "imports", "exports", "processes", "actions", "lists", "modules", "views")
_OUTSIDE = ("workspaces", "models")
_SECONDARY = ("file", "view")


# What other commands list.
_ELSEWHERE = {
    "users": "users ls",
    "integrations": "cw ls",
    "flows": "cw ls",
    "profiles": "profile ls",
}


def _kind_names(incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def _check_kind(kind: str) -> None:
    """Check the name of a kind, and suggest what is probably meant.

    Raises:
        CommandError: There is no such kind.
    """
    if kind in KINDS:
        return
    if other := _ELSEWHERE.get(kind):
        raise usage_error(f"{kind!r} are not in models.", f"'anaplan {other}' lists them.")
    text = kind.casefold().replace("_", "-")
    near = get_close_matches(text, KINDS, 1)
    message = f"{kind!r} is no kind of object" + (f"; did you mean {near[0]!r}?" if near else ".")
    raise usage_error(message, f"There are {', '.join(KINDS)}.")


@examples(
    "anaplan ls models -w 'Network Planning'",
    "anaplan ls imports -m 'Flight Operations' --search flights",
    "anaplan ls files -o json | jq -r '.[].name'",
)
def ls(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help=f"One of {', '.join(KINDS)}.", autocompletion=_kind_names
        ),
    ],
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="List only names that contain this, in any case."),
    ] = None,
) -> None:
    """List workspaces, models, files, imports and the like.

    Models are those of the workspace, if one is named, and otherwise all that you can see. Output
    as JSON has more fields than tables and CSV.
    """
    invocation = Invocation.of(context)
    _check_kind(kind)
    facts = KINDS[kind]
    with invocation.client(model=facts.scope == "model") as client:
        rows = facts.listing(client, invocation.workspace_id)
    columns = facts.columns
    if kind == "models" and invocation.workspace_id:
        columns = [name for name in columns if name != "workspace_name"]
    if search:
        rows = [row for row in rows if search.casefold() in row.name.casefold()]
    if not rows and invocation.options.output in (None, "table"):
        invocation.say(f"No {kind}{f' with {search!r} in their names' if search else ''}.")
    invocation.output.rows(rows, columns, optional=facts.optional)


@examples(
    "anaplan show 'Load flights'",
    "anaplan show 116000000000 -o json",
    "anaplan show 'Flight Facts' --kind modules",
)
def show(
    context: typer.Context,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="What to describe: name or id. A saved view is called Module.View.",
            autocompletion=completing(*_OUTSIDE, *_IN_MODELS),
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="Its kind, as for 'anaplan ls'; any by default.",
            autocompletion=_kind_names,
        ),
    ] = None,
) -> None:
    """Describe a model, file, import, process or the like in full.

    Shows the columns of an import or export, the steps of a process, the line items and views of a
    module, the state of a model, and so on. A name is searched in the model, then among models and
    workspaces.
    """
    invocation = Invocation.of(context)
    kinds = _kinds(kind, reference)
    with invocation.client(model=not set(kinds) & set(_OUTSIDE)) as client:
        found = _found(client, kinds, reference, invocation)

        from anaplan_sdk.cli.objects.descriptions import COLUMNS, describe

        fields, tables = describe(client, found)
    invocation.output.description(fields, tables, COLUMNS)


def _kinds(kind: str | None, reference: str) -> tuple[str, ...]:
    """Return the kinds that an object may be of."""
    if kind is not None:
        _check_kind(kind)
        is_id((kind,), reference)  # The check is what counts.
        return (kind,)
    if is_guid(reference):
        return ("models", "workspaces")
    if is_id((*_IN_MODELS, "line-items", "dashboards"), reference):
        known = kind_of(reference)
        return (known,) if known else ("views", "line-items")
    return (*_IN_MODELS, *_OUTSIDE)


def _found(
    client: Client, kinds: tuple[str, ...], reference: str, invocation: Invocation
) -> NamedObject:
    from anaplan_sdk.exceptions import NameNotFoundException

    inside = [kind for kind in kinds if kind not in _OUTSIDE and invocation.model_id]
    outside = [kind for kind in kinds if kind in _OUTSIDE]
    known = _objects(client, inside)
    if is_id(kinds, reference):
        return _with_id([*known, *_objects(client, outside)], kinds, reference)
    if not any(each.name == reference for each in known):
        known += _objects(client, outside, invocation.workspace_id)
    try:
        return choose(known, reference, one_of(map(singular, (*inside, *outside))))
    except NameNotFoundException as error:
        if invocation.model_id or not set(kinds) - set(_OUTSIDE):
            raise
        advice = "Without --model, only workspaces and models are searched."
        raise CommandError(ExitCode.NOT_FOUND, str(error), advice) from None


def _objects(
    client: Client, kinds: list[str], workspace_id: str | None = None
) -> list[NamedObject]:
    found = [each for kind in kinds for each in named(kind, client, workspace_id)]
    # An export and its output have the same id, so have a module and its default view.
    ids = {each.id for each in found if each.kind not in _SECONDARY}
    return [each for each in found if each.kind not in _SECONDARY or each.id not in ids]


def _with_id(known: list[NamedObject], kinds: tuple[str, ...], identifier: str) -> NamedObject:
    for each in known:
        if str(each.id).casefold() == identifier.casefold():
            return each
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"There is no {one_of(map(singular, kinds))} {identifier} that the user can see.",
        f"'anaplan ls {kinds[0]}' lists what there is.",
    )
