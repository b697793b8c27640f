"""Finding objects by an id or a name, as they stand on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import NamedObject, View

# Of ids in a model, except those of saved views.
_DIGITS = 12
_MOST_SUGGESTIONS = 5


@dataclass(frozen=True)
class Kind:
    """A kind of object that can be listed.

    Attributes:
        listing: Returns all objects of the kind, for a client and the id of its workspace, if any.
        columns: Fields of a row in a table.
        prefix: The digits that ids of this kind begin with.
        scope: What the client needs: "tenant" or "model".
        optional: Columns that a table on a narrow terminal may lack, in their order.
    """

    listing: Callable[[Client, str | None], Sequence[Any]]
    columns: Sequence[str]
    prefix: str = ""
    scope: str = "model"
    optional: Sequence[str] = ()


# Kinds by their plural, as `anaplan ls` names them.
KINDS: Mapping[str, Kind] = {
    "workspaces": Kind(
        lambda client, _: client.get_workspaces(),
        ("id", "name", "current_size", "size_allowance", "active"),
        scope="tenant",
    ),
    "models": Kind(
        lambda client, workspace: client.get_models(only_in_workspace=workspace or False),
        ("id", "name", "active_state", "memory_usage", "workspace_name"),
        scope="tenant",
        optional=("memory_usage", "active_state"),
    ),
    "files": Kind(lambda client, _: client.get_files(), ("id", "name", "chunk_count"), "113"),
    "imports": Kind(
        lambda client, _: client.get_imports(), ("id", "name", "type", "file_id"), "112"
    ),
    "exports": Kind(lambda client, _: client.get_exports(), ("id", "name", "format"), "116"),
    "processes": Kind(lambda client, _: client.get_processes(), ("id", "name"), "118"),
    "actions": Kind(lambda client, _: client.get_actions(), ("id", "name", "type"), "117"),
    "lists": Kind(lambda client, _: client.tr.get_lists(), ("id", "name"), "101"),
    "modules": Kind(lambda client, _: client.tr.get_modules(), ("id", "name"), "102"),
    "views": Kind(lambda client, _: _views(client), ("id", "name")),
    "line-items": Kind(
        lambda client, _: client.tr.get_line_items(), ("id", "name", "module_name", "format")
    ),
    "dashboards": Kind(lambda client, _: client.tr.get_dashboards(), ("id", "name"), "115"),
}
# What `anaplan run` runs.
RUNNABLE = ("imports", "exports", "processes", "actions")


# Kinds of which an id begins with any digits.
_ANY_DIGITS = ("views", "line-items")


def is_guid(text: str) -> bool:
    """Return whether a text has the form of a workspace's or a model's id.

    Args:
        text: The text.

    Returns:
        Whether it is 32 hexadecimal digits.
    """
    return re.fullmatch(r"[0-9a-fA-F]{32}", text) is not None


def find_id(
    client: Client, kinds: Sequence[str], reference: str, workspace_id: str | None = None
) -> str:
    """Return the id that a reference means. An id is not looked up.

    Args:
        client: The client.
        kinds: The kinds that the object may be of, as in `KINDS`.
        reference: An id or an exact name.
        workspace_id: The workspace that models are searched in; None searches all.

    Returns:
        The id.

    Raises:
        CommandError: The id is that of another kind, or no object of the kinds has this name.
        AmbiguousNameException: Several have it.
        AnaplanException: A listing could not be read.
    """
    from anaplan_sdk.exceptions import NameNotFoundException

    if is_id(kinds, reference):
        return reference
    objects = [each for kind in kinds for each in named(kind, client, workspace_id)]
    try:
        return str(choose(objects, reference, one_of(map(singular, kinds))).id)
    except NameNotFoundException as error:
        listing = kinds[0] if len(kinds) == 1 else "KIND"
        which = "" if len(kinds) == 1 else f"; KIND is {one_of(kinds)}"
        raise CommandError(
            ExitCode.NOT_FOUND,
            str(error),
            f"'anaplan ls {listing}' lists what the user can see{which}.",
            kind=type(error).__name__,
        ) from error


def is_id(kinds: Sequence[str], reference: str) -> bool:
    """Return whether a reference is an id, having checked that objects of the kinds have such ids.

    Args:
        kinds: The kinds that the object may be of, as in `KINDS`.
        reference: An id or a name.

    Returns:
        Whether it is an id.

    Raises:
        CommandError: The id is that of another kind.
    """
    # Other numbers of this length may well be names.
    first = "[1-9]" if set(kinds) & set(_ANY_DIGITS) else "1"
    found = is_guid(reference) or re.fullmatch(rf"{first}\d{{11,}}", reference) is not None
    if found:
        _check_kind(kinds, reference)
    return found


def named(kind: str, client: Client, workspace_id: str | None = None) -> list[NamedObject]:
    """List the objects of a kind, with their names.

    Args:
        kind: The kind, as in `KINDS`.
        client: The client.
        workspace_id: The workspace that models are searched in; None searches all.

    Returns:
        The objects. A saved view is called `Module.View`, as elsewhere in Anaplan.

    Raises:
        AnaplanException: The listing could not be read.
    """
    from anaplan_sdk.models import NamedObject

    return [
        NamedObject(id=each.id, name=each.name, kind=singular(kind))
        for each in KINDS[kind].listing(client, workspace_id)
    ]


def choose(objects: Iterable[NamedObject], name: str, kind: str) -> NamedObject:
    """Return the one object that has a name.

    Args:
        objects: The objects.
        name: The exact name.
        kind: What they are, for messages.

    Returns:
        The object.

    Raises:
        NameNotFoundException: None has this name; the message suggests similar names.
        AmbiguousNameException: Several have it; the message lists them with their ids.
    """
    from anaplan_sdk.exceptions import AmbiguousNameException, NameNotFoundException

    known = list(objects)
    found = [each for each in known if each.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "".join(f"\n  {each}" for each in found)
        raise AmbiguousNameException(
            f"Several have the name {name!r}:{listed}", name=name, candidates=found
        )
    by_name = {each.name.casefold().strip(): each for each in reversed(known)}
    text = name.casefold().strip()
    containing = [each for each in by_name if text and text in each]
    close = get_close_matches(text, by_name, _MOST_SUGGESTIONS)
    near = dict.fromkeys([*close, *sorted(containing, key=len)])
    similar = [by_name[each] for each in list(near)[:_MOST_SUGGESTIONS]]
    raise NameNotFoundException(
        f"There is no {kind} {name!r} that the user can see"
        + (f"; similar: {', '.join(map(str, similar))}." if similar else "."),
        name=name,
        candidates=similar,
    )


def one_of(words: Iterable[str]) -> str:
    """Join words for a sentence.

    Args:
        words: The words.

    Returns:
        The text, such as `import, export or process`.
    """
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def singular(kind: str) -> str:
    """Return the singular of a kind.

    Args:
        kind: The kind, as in `KINDS`.

    Returns:
        The singular.
    """
    return "process" if kind == "processes" else kind.removesuffix("s").replace("-", " ")


def kind_of(identifier: str) -> str | None:
    """Return the kind that an id's first digits name.

    Args:
        identifier: The id.

    Returns:
        The kind, as in `KINDS`; None if the id does not show it.
    """
    for kind, facts in KINDS.items():
        # Ids of saved views have a digit more.
        if facts.prefix and identifier.startswith(facts.prefix) and len(identifier) == _DIGITS:
            return kind
    return None


def _views(client: Client) -> list[View]:
    """Return default and saved views. `line-items` lists what else Anaplan has among them."""
    views = client.tr.get_views()
    modules = {each.id: each.name for each in views if each.id == each.moduleId}

    def is_own(view: View) -> bool:
        name = modules.get(view.moduleId or 0)
        # A part of a name with special characters is in quotes.
        saved = name is None or view.name.startswith((f"{name}.", f"'{name}'."))
        return view.id == view.moduleId or saved

    return list(filter(is_own, views))


def _check_kind(kinds: Sequence[str], identifier: str) -> None:
    has_guid = [kind for kind in kinds if kind in ("workspaces", "models")]
    if is_guid(identifier):
        if not has_guid:
            raise usage_error(
                f"{identifier} has the form of an id of a workspace or a model; "
                f"this takes {one_of(kinds)}.",
                _advice(kinds),
            )
        return
    found = kind_of(identifier)
    # The output of an export is a file with the export's id.
    fits = found in kinds or (found == "exports" and "files" in kinds)
    # The id of a module is also that of its default view.
    fits = fits or (found == "modules" and "views" in kinds)
    if fits or (found is None and len(has_guid) < len(kinds)):
        return
    what = f"an id of {found}" if found else "an id in a model"
    raise usage_error(
        f"{identifier} has the form of {what}; this takes {one_of(kinds)}.", _advice(kinds)
    )


def _advice(kinds: Sequence[str]) -> str:
    prefixes = [f"{KINDS[kind].prefix}..." for kind in kinds if KINDS[kind].prefix]
    if prefixes:
        return f"Such ids begin with {one_of(prefixes)}."
    if set(kinds) <= {"workspaces", "models"}:
        return "Such ids have 32 hexadecimal digits."
    return f"'anaplan ls {kinds[0]}' lists them."
