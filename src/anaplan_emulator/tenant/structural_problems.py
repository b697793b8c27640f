"""Mistakes in the structure of a description: what pydantic finds, with what to write instead."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from anaplan_emulator.tenant.problems import Finding, Location, Mistake, alternatives, suggestion
from anaplan_emulator.tenant.tenant_schema import SchemaParts

_TYPE_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_SIZES = {
    "too_short": "must have more elements: at least {min_length}",
    "too_long": "must have fewer elements: at most {max_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the form of such a value",
}
_LONGEST_EXAMPLE = 100


def structural_findings(error: ValidationError, content: object) -> list[Finding]:
    """Return the mistakes that pydantic has found.

    Args:
        error: Its error.
        content: What was validated.

    Returns:
        The mistakes, one for each place.
    """
    parts = SchemaParts()
    grouped: dict[Location, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        grouped.setdefault(tuple(_location(detail["loc"], content)), []).append(detail)
    around = {location[:end] for location in grouped for end in range(len(location))}
    findings: list[Finding] = []
    for location, details in grouped.items():
        # An alternative failed where another one has a mistake further inside.
        if location in around and all(map(_is_about_type, details)):
            continue
        detail = next((each for each in details if not _is_about_type(each)), details[0])
        chosen = [detail]
        if detail["type"] == "missing":
            # All members that are missing, but not those of another alternative.
            parent = detail["loc"][:-1]
            chosen = [
                each for each in details if each["type"] == "missing" and each["loc"][:-1] == parent
            ]
        findings += [_finding(each, location, content, parts) for each in chosen]
    return findings


def content_at(content: Any, location: Sequence[str | int], missing: object = None) -> object:
    """Return what is at a place of a file's content, or `missing` if there is no such place."""
    try:
        for step in location:
            content = content[step]
    except (LookupError, TypeError):
        return missing
    return content


def _is_about_type(detail: ErrorDetails) -> bool:
    return detail["type"].endswith(("_type", "_parsing", "_from_float"))


def _location(location: Iterable[str | int], content: Any) -> Iterator[str | int]:
    """Follow pydantic's location into the content, without the alternatives that it tried."""
    steps = list(location)
    for number, step in enumerate(steps):
        is_element = isinstance(content, list) and isinstance(step, int) and step < len(content)
        if is_element or (isinstance(content, dict) and step in content):
            content = content[step]
            yield step
        elif number == len(steps) - 1 and isinstance(content, dict):
            return  # A member that is missing.


def _finding(
    detail: ErrorDetails, location: Location, content: object, parts: SchemaParts
) -> Finding:
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        *around, name = location
        members = parts.members(around)
        hint = suggestion(str(name), members)
        return Finding(location, f"there is no member {name!r} here", hint)
    if kind == "missing":
        return _missing(detail, location, parts)
    if isinstance(cause := context.get("error"), Mistake):
        member = cause.member
        inside = content_at(content, location)
        here = isinstance(inside, dict) and member in inside
        return Finding((*location, member) if here else location, cause.message, cause.hint)
    if kind == "union_tag_invalid" and isinstance(content_at(content, location), dict):
        # Stores are the only objects whose type decides about their members.
        location = (*location, "type")
        chosen = content_at(content, location[:-1])
        value = chosen.get("type") if isinstance(chosen, dict) else None
        message, hint = _choice(value, parts.at(location))
        return Finding(location, message, hint)
    message, hint = _value_texts(detail, context, parts.at(location))
    if kind in ("literal_error", "enum"):
        message, hint = _choice(content_at(content, location), parts.at(location))
    elif _is_about_type(detail) or kind.startswith("union_tag"):
        message, hint = _type_texts(content_at(content, location), parts.at(location))
    return Finding(location, message, hint)


def _missing(detail: ErrorDetails, location: Location, parts: SchemaParts) -> Finding:
    name = str(detail["loc"][-1])
    examples = parts.members(location).get(name, {}).get("examples", [])
    example = f", such as {json.dumps(name)}: {_shown(examples[0])}" if examples else ""
    return Finding((*location, name), f"the member {name!r} is missing", f"Add it{example}.")


def _choice(value: object, described: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the texts for a value that is not one of those that are allowed."""
    allowed = [str(each) for part in described for each in _allowed(part) if each != ""]
    hint = alternatives(allowed)
    if isinstance(value, str):
        hint = " ".join(dict.fromkeys(filter(None, (suggestion(value, allowed), hint))))
    return "not one of the values that can be written here", hint


def _allowed(part: Mapping[str, Any]) -> list[object]:
    found: list[object] = [part["const"]] if "const" in part else part.get("enum", [])
    return found


def _type_texts(value: object, described: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the texts for a value of another type than it must have."""
    names = [str(part["type"]) for part in described if "type" in part]
    if isinstance(value, str) and "string" in names:
        is_date = any(part.get("format") == "date" for part in described)
        return f"{value!r} is not {'a date' if is_date else 'valid'}", _example(described)
    expected = list(dict.fromkeys(_TYPE_NAMES.get(each, each) for each in names if each != "null"))
    must = " or ".join(filter(None, (", ".join(expected[:-1]), *expected[-1:]))) or "something else"
    message = f"must be {must}, but is {_type_of(value)}"
    if "string" in names and isinstance(value, bool | int | float):
        return message, "Write it in quotes."
    return message, _example(described)


def _value_texts(
    detail: ErrorDetails, context: Mapping[str, Any], described: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    kind = detail["type"]
    if kind in _LIMITS:
        words, name = _LIMITS[kind]
        return f"must be {words} {context[name]:,}", _example(described)
    if kind in _SIZES:
        return _SIZES[kind].format_map(context), _example(described)
    message = detail["msg"].removeprefix("Value error, ").replace("Input should", "must")
    message = message[:1].lower() + message[1:]
    return message.replace("must be a valid", "must be a"), _example(described)


def _example(described: Sequence[Mapping[str, Any]]) -> str:
    examples: list[object] = next(
        (part["examples"] for part in described if part.get("examples")), []
    )
    return f"Such as {_shown(examples[0])}." if examples else ""


def _shown(example: object) -> str:
    text = json.dumps(example, ensure_ascii=False)
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]} ..."


def _type_of(value: object) -> str:
    if value is None:
        return "empty"
    names = {
        bool: "true or false",
        str: "a text",
        int: "a number",
        float: "a number",
        dict: "an object",
        list: "a list",
    }
    return names.get(type(value), "something else")
