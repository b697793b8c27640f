"""Handles of objects that a builder has described, with the ids that they have in the emulator."""

from dataclasses import dataclass, field

from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant_builder.model_parts import ModelParts


@dataclass(frozen=True, slots=True)
class FileHandle:
    """A file that imports read.

    Attributes:
        id: Its id.
        name: Its name.
        parts: The model that it belongs to.
    """

    id: int
    name: str
    parts: ModelParts = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ActionHandle:
    """An action: an export, a deletion, an optimizer, a process, or one of another kind.

    Attributes:
        id: Its id.
        name: Its name.
        parts: The model that it belongs to.
    """

    id: int
    name: str
    parts: ModelParts = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ImportHandle(ActionHandle):
    """An import.

    Attributes:
        file: The file that it reads.
    """

    file: FileHandle


@dataclass(frozen=True, slots=True)
class ViewHandle:
    """A saved view.

    Attributes:
        id: Its id.
        name: Its name.
    """

    id: int
    name: str


def require_own(kind: str, name: str, parts: ModelParts, own: ModelParts) -> None:
    """Check that a handle belongs to a model.

    Args:
        kind: What it is a handle of, for the message.
        name: The name of the object.
        parts: The model that it belongs to.
        own: The model that it has to belong to.

    Raises:
        TenantError: It belongs to another model.
    """
    if parts is not own:
        raise TenantError(
            f"the {kind} {name} belongs to another model ({parts.name}), and can't be used in"
            f" {own.name}"
        )
