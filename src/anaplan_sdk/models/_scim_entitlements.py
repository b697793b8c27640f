"""Comparison of the workspaces a change of a user asks for with those the user has afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from anaplan_sdk.models.scim import Operation, User, listed_workspaces


class UnappliedChanges(NamedTuple):
    """The workspaces, by id or by name, whose change was not applied.

    Attributes:
        not_assigned: The workspaces that were to be assigned and are not.
        still_assigned: The workspaces that were to be unassigned and are still assigned.
    """

    not_assigned: list[str]
    still_assigned: list[str]


def unapplied_changes(operations: Iterable[Operation], user: User) -> UnappliedChanges:
    """Find the changes of a user's workspaces that were not applied.

    Of several operations on one workspace the last counts.

    Args:
        operations: The operations that were requested.
        user: The user after the change.

    Returns:
        The workspaces whose change was not applied.
    """
    # Whether each workspace is to be granted, and whether all others are to be revoked.
    wanted: dict[str, bool] = {}
    only_these = False
    for operation in operations:
        if not operation.path.lower().startswith("entitlements"):
            continue
        workspaces = list(_workspaces(operation.value))
        if operation.op == "replace" or (operation.op == "remove" and not workspaces):
            wanted = {}
            only_these = True
        wanted.update(dict.fromkeys(workspaces, operation.op != "remove"))
    ids = {one.display: one.value for one in user.entitlements if one.type == "WORKSPACE"}
    # An operation may give a workspace by its id or by its name.
    granted = {*user.workspace_ids, *ids, *listed_workspaces(user, "WORKSPACE_NAMES")}
    wanted_ids = {ids.get(name, name) for name, is_wanted in wanted.items() if is_wanted}
    others = [id_ for id_ in user.workspace_ids if only_these and id_ not in wanted_ids]
    still = [name for name, is_wanted in wanted.items() if not is_wanted and name in granted]
    return UnappliedChanges(
        [name for name, is_wanted in wanted.items() if is_wanted and name not in granted],
        list(dict.fromkeys([*still, *others])),
    )


def _workspaces(value: object) -> Iterator[str]:
    """Yield the ids and names in the value of an operation, which may have one of many forms."""
    if isinstance(value, str):
        yield from (part.strip() for part in value.split(",") if part.strip())
    elif isinstance(value, Mapping):
        yield from _workspaces(cast("Mapping[str, object]", value).get("value"))
    elif isinstance(value, list | tuple):
        for one in cast("Iterable[object]", value):
            yield from _workspaces(one)
    elif value is not None:
        yield from _workspaces(getattr(value, "value", None))
