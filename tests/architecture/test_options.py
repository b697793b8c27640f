"""The options of a client are declared in ClientConfig; the constructors and their help agree."""

import re
from dataclasses import MISSING, fields
from inspect import Parameter, cleandoc, signature
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from anaplan_sdk import AsyncClient, Client, ClientConfig
from anaplan_sdk.auth.profiles import Profile
from anaplan_sdk.config import HttpxOptions

# How the constructors take what ClientConfig has as a field, and the options of one client only.
HTTPX = "httpx_kwargs"
SYNC_ONLY = {"upload_parallel"}
# Fields of a profile that are about OAuth and Financial Consolidation, or about secrets.
OF_PROFILES = {
    "client_id",
    "client_secret",
    "consolidation_tenant",
    "consolidation_token",
    "device_client_id",
    "keyring_service",
    "redirect_uri",
    "refresh_token",
    "token_file",
}


def documented(kind: type, section: str) -> dict[str, str]:
    """Read the entries of a section of a class's docstring."""
    text = cleandoc(kind.__doc__ or "").partition(f"\n{section}:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    \*{0,2}(\w+): (.*(?:\n     .*)*)", text, re.MULTILINE)
    return {name: " ".join(entry.split()) for name, entry in entries}


def declared(kind: type[Client | AsyncClient]) -> dict[str, tuple[Any, Any]]:
    """Find the type and the default of each option in a constructor."""
    hints = get_type_hints(kind.__init__)
    return {
        name: (hints[name], parameter.default)
        for name, parameter in signature(kind).parameters.items()
        if parameter.kind is not Parameter.VAR_KEYWORD
    }


def options(kind: type[Client | AsyncClient]) -> dict[str, tuple[Any, Any]]:
    hints = get_type_hints(ClientConfig)
    assert all(
        field.default is not MISSING for field in fields(ClientConfig) if field.name != HTTPX
    )
    return {
        field.name: (hints[field.name], field.default)
        for field in fields(ClientConfig)
        if field.name != HTTPX and (kind is Client or field.name not in SYNC_ONLY)
    }


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_constructors_take_the_options_of_the_configuration(
    kind: type[Client | AsyncClient],
) -> None:
    assert list(declared(kind).items()) == list(options(kind).items())
    [others] = [p for p in signature(kind).parameters.values() if p.kind is p.VAR_KEYWORD]
    assert others.name == HTTPX


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_clients_from_the_environment_take_the_same_options(
    kind: type[Client | AsyncClient],
) -> None:
    [unpacked] = get_args(get_type_hints(kind.from_env)["options"])
    hints = get_type_hints(unpacked)
    ours = {name: hint for name, hint in hints.items() if name not in HttpxOptions.__annotations__}
    assert ours == {name: hint for name, (hint, _) in declared(kind).items()}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_every_option_has_the_same_help_everywhere(kind: type[Client | AsyncClient]) -> None:
    help_of = documented(ClientConfig, "Attributes")
    assert list(help_of) == [field.name for field in fields(ClientConfig)]
    ours = {name: help_of[name] for name in (*options(kind), HTTPX)}
    assert list(documented(kind, "Args").items()) == list(ours.items())


def test_the_range_of_every_number_is_declared() -> None:
    for field in fields(ClientConfig):
        kinds = get_args(field.type) or (field.type,)
        if get_origin(field.type) is not Annotated and field.name != "timeout":
            assert not {int, float} & set(kinds), field.name


def test_profiles_name_options() -> None:
    assert set(Profile.model_fields) - {field.name for field in fields(ClientConfig)} == OF_PROFILES
