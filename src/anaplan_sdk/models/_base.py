"""The base class of all models, and helpers to declare their fields."""

from __future__ import annotations

from typing import Any, cast

from pydantic import AliasChoices, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class AnaplanModel(BaseModel):
    """The base class of every model: an object that Anaplan sends or receives as JSON.

    Fields that are not declared here are kept and survive a round trip. A field can be set by
    Anaplan's name, by the camel-case form of its Python name (`fileId` for `file_id`), or by its
    Python name; `model_dump(by_alias=True)` writes the camel-case form.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


def refuse_unknown_fields(model: AnaplanModel, hint: str = "") -> None:
    """Refuse fields that Anaplan would ignore, so that no value is lost silently.

    Args:
        model: What is to be sent.
        hint: Where such values belong.

    Raises:
        ValueError: The model has fields that are not declared.
    """
    if unknown := ", ".join(map(repr, model.model_extra or ())):
        raise ValueError(f"unknown fields {unknown}{hint}")


# `default_factory=list` would do the same, but pydantic takes a millisecond to inspect a built-in
# type, for each field that has it.


def empty_list() -> list[Any]:
    """Make the default of a field that is a list.

    Returns:
        A new list.
    """
    return []


def empty_dict() -> dict[str, Any]:
    """Make the default of a field that is a dict.

    Returns:
        A new dict.
    """
    return {}


def aliases(anaplan_name: str, name: str) -> AliasChoices:
    """List the names a field is read by, where Anaplan's name is not the camel-case form of ours.

    Args:
        anaplan_name: The field's name in Anaplan's JSON.
        name: The field's name in Python.

    Returns:
        Anaplan's name, the camel-case form of ours, and ours.
    """
    return AliasChoices(anaplan_name, to_camel(name), name)


def field_text(value: object, anaplan_name: str, name: str) -> str:
    """Read the field that decides which class of a union a value is validated as.

    Args:
        value: A dict in Anaplan's names or ours, or a model.
        anaplan_name: The field's name in Anaplan's JSON.
        name: The field's name in Python.

    Returns:
        The field as text; empty when the value does not have it.
    """
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return str(fields.get(anaplan_name, fields.get(name, "")))
    return str(getattr(value, name, ""))
