"""What was guessed when a tenant was captured, for a person to confirm."""

from collections.abc import Iterator
from dataclasses import dataclass

from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES
from anaplan_emulator.tenant.description import Captured
from anaplan_emulator.tenant.document import Document
from anaplan_emulator.tenant.problems import Location, place_of
from anaplan_emulator.tenant.tenant_description import TenantDescription

_MEMBERS = ("lists", "modules", *ACTION_CLASSES)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Something to confirm.

    Attributes:
        place: Where it is in the tenant's file.
        name: Name of the object.
        text: What was guessed.
        line: The line of its member `confirm`, from 1, if that is known.
    """

    place: str
    name: str
    text: str
    line: int | None = None


def confirmations(
    tenant: TenantDescription, document: Document | None = None
) -> list[Confirmation]:
    """Return what a person should confirm.

    Args:
        tenant: The description.
        document: The file that it was read from, to find the lines.

    Returns:
        What was guessed, in the order of the file.
    """
    return [
        Confirmation(
            place_of(location), str(getattr(part, "name", "")), text, _line(document, location)
        )
        for location, part in _captured(tenant)
        for text in part.confirm
    ]


def _line(document: Document | None, location: Location) -> int | None:
    if document is None:
        return None
    position = document.position((*location, "confirm"), key=True)
    return position[0] if position else None


def _captured(tenant: TenantDescription) -> Iterator[tuple[Location, Captured]]:
    for number, workspace in enumerate(tenant.workspaces):
        for position, model in enumerate(workspace.models):
            at = ("workspaces", number, "models", position)
            yield at, model
            for member in _MEMBERS:
                for index, each in enumerate(getattr(model, member)):
                    yield (*at, member, index), each
