"""Which workspaces a change of a user asked for, and which of them it did not get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from anaplan_sdk.models.scim import Operation, User

_SINGLE = "WORKSPACE"
_NAMES = "WORKSPACE_NAMES"


class Shortfall(NamedTuple):
    """Workspaces, by id or by name, that are not as they were asked to be."""

    not_assigned: list[str]
    still_assigned: list[str]


def shortfall(operations: Iterable[Operation], user: User) -> Shortfall:
    """What some operations asked for and the user, as they are now, does not have.

    Of several operations on one workspace the last counts.
    """
    wanted: dict[str, bool] = {}
    others_wanted: bool | None = None
    for operation in operations:
        if not operation.path.lower().startswith("entitlements"):
            continue
        named = list(_workspaces(operation.value))
        if operation.op == "replace" or (operation.op == "remove" and not named):
            wanted = {}
            others_wanted = False
        wanted.update(dict.fromkeys(named, operation.op != "remove"))
    names = {one.display: one.value for one in user.entitlements if one.type == _SINGLE}
    # Whichever way a workspace was named, by id or by name.
    present = {*user.workspace_ids, *names, *_listed_names(user)}
    left = [] if others_wanted is None else user.workspace_ids
    expected = {names.get(name, name) for name, is_wanted in wanted.items() if is_wanted}
    still = [name for name, is_wanted in wanted.items() if not is_wanted and name in present]
    return Shortfall(
        [name for name, is_wanted in wanted.items() if is_wanted and name not in present],
        list(dict.fromkeys([*still, *(id_ for id_ in left if id_ not in expected)])),
    )


def _workspaces(value: object) -> Iterator[str]:
    """Ids and names in an operation's value, which may have any of several forms."""
    if isinstance(value, str):
        yield from (part.strip() for part in value.split(",") if part.strip())
    elif isinstance(value, Mapping):
        yield from _workspaces(cast("Mapping[str, object]", value).get("value"))
    elif isinstance(value, list | tuple):
        for one in cast("Iterable[object]", value):
            yield from _workspaces(one)
    elif value is not None:
        yield from _workspaces(getattr(value, "value", None))


def _listed_names(user: User) -> set[str]:
    lines = (one.value for one in user.entitlements if one.type == _NAMES)
    return {part.strip() for line in lines for part in line.split(",")}
