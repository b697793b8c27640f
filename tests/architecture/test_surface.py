"""The public names that users of this SDK already know are kept.

They are read from a file beside the project, which may be absent; so the comparisons are tested on
small examples as well.
"""

import ast
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, Field
from pydantic.fields import FieldInfo

import anaplan_sdk
from anaplan_sdk import AsyncClient, Client, exceptions
from anaplan_sdk._async.api import namespace as async_room
from anaplan_sdk._sync.api import namespace as sync_room

SURFACE = Path(__file__).resolve().parents[3] / "shared" / "api-surface.json"

# What is not there yet. A name that has come and is still listed is an error, as is one that is
# missing and not listed.
PENDING: set[str] = set()


@pytest.fixture(scope="module")
def surface() -> dict[str, Any]:
    """The known names."""
    if not SURFACE.is_file():
        pytest.skip(f"{SURFACE.name} is not beside the project")
    content: dict[str, Any] = json.loads(SURFACE.read_text(encoding="utf-8"))
    return content


def present(name: str) -> object | None:
    """Find what a dotted name of the package stands for: of an attribute, its class."""
    found: object = anaplan_sdk
    for part in name.split("."):
        if inspect.isclass(found) and hasattr(found, part):
            found = attribute_class(found, part)
        else:
            found = getattr(found, part, None)
    return found


def attribute_class(owner: type, name: str) -> object:
    """Find what class a property gives, by asking an instance; other members as they are."""
    member = inspect.getattr_static(owner, name)
    if not isinstance(member, property | cached_property):
        return member
    return type(getattr(instance_of(owner), name))


@cache
def instance_of(owner: type) -> object:
    """Make a client, or one of its rooms; that sends nothing."""
    if owner in (Client, AsyncClient):
        return owner(token="token")
    if issubclass(owner, async_room.ApiNamespace | sync_room.ApiNamespace):
        client = instance_of(AsyncClient if issubclass(owner, async_room.ApiNamespace) else Client)
        return client._namespace(owner)  # type: ignore[attr-defined]
    return owner()


def signature_changes(known: str, function: Callable[..., object]) -> Iterator[str]:
    """Say what a caller who knows the old signature would stumble over."""
    [definition] = ast.parse(f"def known{known}: ...").body
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    parameters = inspect.signature(function).parameters
    names = [argument.arg for argument in arguments.args]
    if [*parameters][: len(names)] != names:
        yield f"parameters {[*parameters]} do not start with {names}"
        return
    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    for name, parameter in parameters.items():
        if name in names and parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            yield f"{name} is {parameter.kind.description}"
        if name in defaults and parameter.default != ast.literal_eval(defaults[name]):
            yield f"the default of {name} is {parameter.default!r}"
        is_optional = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        if name not in names and parameter.default is parameter.empty and not is_optional:
            yield f"the new parameter {name} has no default"
    if arguments.kwarg and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        yield "other keywords are refused"


def class_changes(known: Mapping[str, Any], found: type) -> Iterator[str]:
    """Say which methods and properties of a class are gone, or are other than they were."""
    for name in known["properties"]:
        if not hasattr(found, name) and f"{found.__name__}.{name}" not in PENDING:
            yield f"{name} is missing"
    for name, method in known["methods"].items():
        function = getattr(found, name, None)
        if function is None:
            yield f"{name} is missing"
            continue
        yield from (
            f"{name}: {change}" for change in signature_changes(method["signature"], function)
        )
        if inspect.iscoroutinefunction(function) is not method["async"]:
            yield f"{name}: it is {'no longer' if method['async'] else 'now'} awaited"


def model_changes(known: Mapping[str, Any], found: type[BaseModel]) -> Iterator[str]:
    """Say which fields of a model are gone, or are named or required otherwise."""
    found.model_rebuild()  # fields that name later classes are complete only then
    ancestors = {ancestor.__name__ for ancestor in found.__mro__}
    for base in known["bases"]:
        if base not in ancestors and not base.startswith("_"):
            yield f"it is no {base}"
    for name, field in known["fields"].items():
        info = found.model_fields.get(name)
        if info is None:
            yield f"{name} is missing"
            continue
        if field["alias"] not in read_names(info):
            yield f"{name} is not read from {field['alias']}"
        if info.is_required() and not field["required"]:
            yield f"{name} is required"


def read_names(field: FieldInfo) -> list[object]:
    """Find the names in a reply that fill a field."""
    alias = field.validation_alias
    return list(alias.choices) if isinstance(alias, AliasChoices) else [alias]


def known_names(surface: Mapping[str, Any]) -> Iterator[str]:
    yield from surface["top_level"]
    for name, members in surface["clients"].items():
        if "." in name:
            yield name
            yield from (f"{name}.{method}" for method in members["methods"])
    for module, names in surface["models"].items():
        yield module
        # The file has two names of typing's, which are nobody's models.
        yield from (f"{module}.{name}" for name in names if name not in {"Callable", "Self"})


def is_pending(name: str) -> bool:
    return any(name == pending or name.startswith(f"{pending}.") for pending in PENDING)


def test_pending_names_are_exactly_those_missing(surface: dict[str, Any]) -> None:
    names = set(known_names(surface))
    missing = {name for name in names if present(name) is None}
    assert {name for name in missing if not is_pending(name)} == set(), "missing"
    assert PENDING - missing == set(), "no longer pending"


def test_methods_are_kept(surface: dict[str, Any]) -> None:
    known = {**surface["clients"], **surface["auth"]}
    changes = []
    for name, members in known.items():
        if not is_pending(name):
            found = present(name)
            assert inspect.isclass(found), name
            known_methods = {
                method: facts
                for method, facts in members["methods"].items()
                if not is_pending(f"{name}.{method}")
            }
            there = {**members, "methods": known_methods}
            changes += [f"{name}.{change}" for change in class_changes(there, found)]
    assert changes == []


def test_models_are_kept(surface: dict[str, Any]) -> None:
    changes = []
    for module, models in surface["models"].items():
        for name, known in models.items():
            if isinstance(known, dict) and not is_pending(f"{module}.{name}"):
                found = present(f"{module}.{name}")
                assert inspect.isclass(found), name
                assert issubclass(found, BaseModel), name
                changes += [f"{name}: {change}" for change in model_changes(known, found)]
    assert changes == []


def test_exceptions_keep_their_bases(surface: dict[str, Any]) -> None:
    for name, bases in surface["exceptions"].items():
        found = getattr(exceptions, name)
        assert {*bases} <= {ancestor.__name__ for ancestor in found.__mro__}, name


class Sample:
    """Has members as a client has them."""

    @property
    def inner(self) -> "Sample":
        """An API of its own."""
        return self

    @cached_property
    def cached(self) -> "Sample":
        """An API of its own, made once."""
        return self

    def kept(self, a: int, b: int = 1, *, c: int = 2, **others: object) -> None: ...

    def narrowed(self, a: int, *, b: int = 1) -> None: ...

    def demanding(self, a: int, b: int, c: int) -> None: ...

    async def awaited(self) -> None: ...


@pytest.mark.parametrize(
    ("known", "function", "changes"),
    [
        ("(self, a: int, b: int = 1, **others)", Sample.kept, []),
        ("(self, a: int, b: int = 1)", Sample.kept, []),
        (
            "(self, b: int = 1)",
            Sample.kept,
            ["parameters ['self', 'a', 'b', 'c', 'others'] do not start with ['self', 'b']"],
        ),
        ("(self, a: int, b: int = 7)", Sample.kept, ["the default of b is 1"]),
        ("(self, a: int, b: int = 1)", Sample.narrowed, ["b is keyword-only"]),
        ("(self, a: int, **others)", Sample.narrowed, ["other keywords are refused"]),
        ("(self, a: int, b: int)", Sample.demanding, ["the new parameter c has no default"]),
    ],
)
def test_changed_signatures_are_found(
    known: str, function: Callable[..., object], changes: list[str]
) -> None:
    assert list(signature_changes(known, function)) == changes


def test_changed_members_are_found() -> None:
    plain = {"signature": "(self)", "async": False}
    known = {"properties": ["inner", "gone"], "methods": {"awaited": plain, "absent": plain}}
    assert list(class_changes(known, Sample)) == [
        "gone is missing",
        "awaited: it is now awaited",
        "absent is missing",
    ]


@pytest.mark.parametrize("name", ["inner", "cached"])
def test_the_class_of_an_attribute_is_found(name: str) -> None:
    assert attribute_class(Sample, name) is Sample


def test_changed_models_are_found() -> None:
    class Item(BaseModel):
        plain: int = Field(alias="plain")
        renamed: int = Field(alias="newName")
        strict: int = Field(alias="strict")
        loose: int = Field(default=0, validation_alias=AliasChoices("loose", "lax"))

    optional = {name: {"alias": name, "required": False} for name in ("strict", "loose", "gone")}
    required = {name: {"alias": name, "required": True} for name in ("plain", "renamed")}
    known = {"bases": ["BaseModel", "Thing", "_Hidden"], "fields": required | optional}
    assert list(model_changes(known, Item)) == [
        "it is no Thing",
        "renamed is not read from renamed",
        "strict is required",
        "gone is missing",
    ]
