"""The JSON Schema of tenant files."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from anaplan_emulator.tenant.tenant_description import SCHEMA, TenantDescription

SCHEMA_ID = "urn:anaplan-emulator:tenant-file"
_SCHEMA_FILE = "tenant.schema.json"
_DESCRIPTION_OF_SCHEMA = (
    "The address or path of this schema, by which editors complete and check the file. "
    "The emulator ignores it."
)
# Sections of docstrings that are for readers of the code.
_SECTION = re.compile(r"\n\s*\n\s*(?:Source|Attributes):.*", re.DOTALL)
_SOURCE = re.compile(r"\s*\(docs/[^)]*\)")
_ROOT = re.compile(r"Description$|Definition$")


class _SchemaGenerator(GenerateJsonSchema):
    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002
        """Keep the order of keys: people read the examples."""
        return value


def tenant_schema() -> dict[str, object]:
    """Return the JSON Schema of tenant files (draft 2020-12).

    Returns:
        The schema, with a description and examples for every member.
    """
    generated: dict[str, object] = TenantDescription.model_json_schema(
        schema_generator=_SchemaGenerator
    )
    definitions = generated.pop("$defs")
    assert isinstance(definitions, dict)  # noqa: S101 (always there; for the type checker)
    properties = generated.pop("properties")
    assert isinstance(properties, dict)  # noqa: S101
    schema: dict[str, object] = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": SCHEMA_ID,
        **generated,
        "title": "Tenant file of the Anaplan emulator",
        "properties": {
            SCHEMA: {
                "type": "string",
                "description": _DESCRIPTION_OF_SCHEMA,
                "examples": [_SCHEMA_FILE],
            },
            **properties,
        },
        "$defs": {_ROOT.sub("", name): each for name, each in sorted(definitions.items())},
    }
    tidied = _tidied(schema)
    assert isinstance(tidied, dict)  # noqa: S101
    return tidied


def schema_text() -> str:
    """Return the schema as it is printed and stored: indented JSON."""
    return json.dumps(tenant_schema(), indent=2, ensure_ascii=False) + "\n"


def schema_file() -> Path:
    """Return the path of the schema in the installed package, for editors."""
    return Path(str(files("anaplan_emulator.tenant") / _SCHEMA_FILE))


def _tidied(schema: object, *, names: bool = False) -> object:
    """Shorten the names of definitions, and remove titles of members and what is for developers.

    Args:
        schema: A part of the schema.
        names: Whether its keys are names of members or definitions.

    Returns:
        The part.
    """
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if names:
        return {name: _tidied(value) for name, value in schema.items()}
    has_name = schema.get("type") == "object" or "enum" in schema
    return {
        name: _tidied_keyword(name, value)
        for name, value in schema.items()
        if name != "title" or has_name
    }


def _tidied_keyword(name: str, value: object) -> object:
    if name in ("examples", "default", "const", "enum"):
        return value
    if isinstance(value, str) and name in ("$ref", "title"):
        return _ROOT.sub("", value)
    if isinstance(value, str) and name == "description":
        return " ".join(_SOURCE.sub("", _SECTION.sub("", value)).split())
    if isinstance(value, dict) and name == "mapping":
        return {key: _ROOT.sub("", ref) for key, ref in value.items()}
    return _tidied(value, names=name in ("properties", "$defs"))


class SchemaParts:
    """Finds the part of the schema that describes a place of a tenant file."""

    def __init__(self) -> None:
        self._schema = tenant_schema()

    def at(self, location: Sequence[str | int]) -> list[JsonSchemaValue]:
        """Return the alternatives that describe a place.

        Args:
            location: The place.

        Returns:
            The alternatives; empty if the place is not described.
        """
        found = [self._schema]
        for step in location:
            found = [
                part for each in found for part in self._step(each, step) if isinstance(part, dict)
            ]
        return [part for each in found for part in self._alternatives(each)]

    def members(self, location: Sequence[str | int]) -> dict[str, JsonSchemaValue]:
        """Return the members that the object at a place may have.

        Args:
            location: The place.

        Returns:
            What describes each member, by name.
        """
        return {
            name: member
            for part in self.at(location)
            for name, member in part.get("properties", {}).items()
        }

    def definition(self, name: str) -> JsonSchemaValue:
        """Return a definition by its name."""
        definitions = self._schema["$defs"]
        assert isinstance(definitions, dict)  # noqa: S101
        found: JsonSchemaValue = definitions[name]
        return found

    def _step(self, part: Mapping[str, object], step: str | int) -> Iterator[object]:
        for each in self._alternatives(part):
            if isinstance(step, int):
                yield each.get("items")
            elif step in each.get("properties", {}):
                yield each["properties"][step]
            else:
                yield each.get("additionalProperties")

    def _alternatives(self, part: Mapping[str, object]) -> Iterator[JsonSchemaValue]:
        """Yield the alternatives of a part, with references resolved."""
        reference = part.get("$ref")
        if isinstance(reference, str):
            resolved = self.definition(reference.rpartition("/")[2])
            # What stands beside a reference is about the member.
            beside = {name: each for name, each in part.items() if name != "$ref"}
            yield from self._alternatives({**resolved, **beside})
            return
        for name in ("anyOf", "oneOf"):
            choices = part.get(name)
            if isinstance(choices, list):
                beside = {key: part[key] for key in ("examples",) if key in part}
                for each in choices:
                    yield from self._alternatives({**each, **beside})
                return
        yield dict(part)
