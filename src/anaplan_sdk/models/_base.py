"""The base class of all models, and helpers to declare their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

# Characters of a value in the repr of a model.
_LONGEST_VALUE = 100
_ID_FIELDS = ("id", "request_id", "notification_id", "user_id", "workspace_id")


class AnaplanModel(BaseModel):
    """The base class of every model: an object that Anaplan sends or receives as JSON.

    Fields that are not declared here are kept and survive a round trip. A field can be set by
    Anaplan's name, by the camel-case form of its Python name (`fileId` for `file_id`), or by its
    Python name; `model_dump(by_alias=True)` writes the camel-case form.

    A model with an id is hashable by it: do not change the id of one that is in a set or a dict.
    The repr shows long lists by their length.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        for name, value in super().__repr_args__():
            yield name, _Shortened(value) if len(repr(value)) > _LONGEST_VALUE else value

    def __hash__(self) -> int:
        # Models that are equal have the same id.
        ids = (getattr(self, name, None) for name in _ID_FIELDS)
        found = next((one for one in ids if one is not None), None)
        if found is None:
            raise TypeError(f"unhashable type: {type(self).__name__} has no id")
        return hash((type(self), found))


class _Shortened:
    """A long value within the repr of a model: a list by its length, a text by its beginning.

    Args:
        value: The value.
    """

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        value = self._value
        if isinstance(value, AnaplanModel):
            return repr(value)
        if isinstance(value, list | dict):
            start, end = ("[", "]") if isinstance(value, list) else ("{", "}")
            return f"{start}{len(cast('list[object]', value)):,} items{end}"
        return f"{repr(value)[:_LONGEST_VALUE]}..."


if TYPE_CHECKING:
    ObjectId: TypeAlias = int
else:
    # In all sources these ids are decimal numbers. One that is not is kept as text, rather than the
    # object lost; programs that only pass ids on need no other type for that.
    ObjectId = Annotated[int | str, Field(union_mode="left_to_right")]


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
