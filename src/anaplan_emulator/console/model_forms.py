"""Forms made from pydantic models: a field for each of theirs, with its description and errors."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form.

    Attributes:
        name: Its name.
        label: Its label.
        description: What it means.
        kind: How it is entered: `checkbox`, `choice`, `number`, `lines`, `secret` or `text`.
        value: Its value as text.
        default: The value by default, as text.
        options: The choices, each with its label.
        optional: Whether it may be empty.
        error: What is wrong with the value, or "".
    """

    name: str
    label: str
    description: str
    kind: str
    value: str
    default: str
    options: tuple[tuple[str, str], ...]
    optional: bool
    error: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether the value is not the default."""
        return self.value != self.default


def form_fields(
    model: type[BaseModel],
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    secrets: Collection[str] = (),
) -> list[FormField]:
    """Return the fields of a form.

    Args:
        model: The model.
        values: The shown values as texts; the default for others.
        errors: Errors by name of the field.
        secrets: Names of fields whose value is not shown.
    """
    return [
        _field(name, info, values.get(name), (errors or {}).get(name, ""), name in secrets)
        for name, info in model.model_fields.items()
    ]


def as_texts(instance: BaseModel) -> dict[str, str]:
    """Return the values of a model as the texts of a form."""
    return {name: _text(value) for name, value in instance.model_dump(mode="json").items()}


def submitted(
    model: type[BaseModel], form: Mapping[str, str], *, secrets: Collection[str] = ()
) -> dict[str, object]:
    """Return the values of a submitted form, for the model to validate.

    Args:
        model: The model.
        form: The form. Its fields that are empty have no value; browsers do not send checkboxes
            that are not checked.
        secrets: Names of fields that are only submitted to change them.
    """
    values: dict[str, object] = {}
    for name, info in model.model_fields.items():
        kind, optional = _kind(name, info), _is_optional(info)
        text = form.get(name, "")
        if kind == "checkbox":
            values[name] = name in form
        elif kind == "lines":
            values[name] = _headers(text)
        elif name == "body":
            if text.strip():
                values[name] = _json_or_text(text)
        elif text.strip():
            values[name] = text.strip()
        elif optional:
            values[name] = None
        elif name not in secrets:
            # The model says what is missing.
            values[name] = ""
    return values


def errors_by_field(error: ValidationError) -> dict[str, str]:
    """Return messages by name of the field, and those about several fields under ""."""
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        where = f"{detail['loc'][1]}: " if len(detail["loc"]) > 1 else ""
        message = detail["msg"].removeprefix("Value error, ")
        found.setdefault(name, f"{where}{message[:1].upper()}{message[1:]}.")
    return found


def _field(name: str, info: FieldInfo, value: str | None, error: str, is_secret: bool) -> FormField:
    default = "" if is_secret else _text(info.get_default(call_default_factory=True))
    shown = "" if is_secret else default if value is None else value
    return FormField(
        name=name,
        label=name.replace("_", " ").capitalize().replace("Scim", "SCIM"),
        description=_plain(info.description or ""),
        kind="secret" if is_secret else _kind(name, info),
        value=shown,
        default=default,
        options=_options(info),
        optional=_is_optional(info),
        error=error,
    )


def _plain(description: str) -> str:
    """Return a docstring as a sentence of a form, in which no value is an empty field."""
    text = re.sub(r"\s*Source: docs/\S+$", "", description.strip()).replace("`None`", "empty")
    return re.sub(r"\s+", " ", text.replace("`", ""))


def _kind(name: str, info: FieldInfo) -> str:
    if name == "headers":
        return "lines"
    types = [each for each in _alternatives(info.annotation) if each is not NoneType]
    if types == [bool]:
        return "checkbox"
    if types and get_origin(types[0]) is Literal:
        return "choice"
    return "number" if types and set(types) <= {int, float} else "text"


def _alternatives(annotation: object) -> list[object]:
    """Return the types of a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [each for part in get_args(annotation) for each in _alternatives(part)]
    return [annotation]


def _is_optional(info: FieldInfo) -> bool:
    return NoneType in _alternatives(info.annotation)


def _options(info: FieldInfo) -> tuple[tuple[str, str], ...]:
    values = [
        value
        for each in _alternatives(info.annotation)
        if get_origin(each) is Literal
        for value in get_args(each)
    ]
    empty = [("", "none")] if values and _is_optional(info) else []
    return (*empty, *((str(value), str(value)) for value in values))


def _text(value: object) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "on"
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            return "\n".join(f"{name}: {text or ''}" for name, text in value.items())
        case str():
            return value
    return json.dumps(value)


def _headers(text: str) -> dict[str, str | None]:
    """Parse lines `Name: value`; a header without a value is removed from the response."""
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() or None for name, _, value in lines}


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
