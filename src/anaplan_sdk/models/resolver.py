"""The result of `client.resolve`, which finds objects by name."""

from __future__ import annotations

from pydantic import ConfigDict

from anaplan_sdk.models._base import AnaplanModel


class NamedObject(AnaplanModel):
    """An object that was found by name.

    Attributes:
        id: The id: text for a workspace or a model, otherwise a number.
        name: The name.
        kind: The kind of the object, such as `import` or `module`.
    """

    model_config = ConfigDict(frozen=True)

    id: int | str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.id})"
