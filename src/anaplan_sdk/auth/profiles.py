"""The places that `from_env` reads options from: environment variables and the config file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anaplan_sdk._arguments import expanded
from anaplan_sdk._runtime.user_folders import config_folder
from anaplan_sdk.auth import pem
from anaplan_sdk.auth.permissions import warn_of_readers
from anaplan_sdk.auth.stores import KeyringStore
from anaplan_sdk.config import PayloadFormat
from anaplan_sdk.exceptions import InvalidArgumentException, TokenStoreException

_ENVIRONMENT = "environment"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Variable(_Table):
    env: str


class _KeyringEntry(_Table):
    keyring: str
    user: str


Secret: TypeAlias = Annotated[str | _Variable | _KeyringEntry | None, Field(repr=False)]
"""A secret, or where it is: `{ env = "NAME" }` or `{ keyring = "service", user = "me" }`."""


class Profile(_Table):
    """A tenant and how to sign in to it, as a table of the config file.

    Every field is also an environment variable: `ANAPLAN_` and the field's name in capitals.
    """

    region: str | None = None
    base_url: str | None = None
    workspace_id: str | None = None
    model_id: str | None = None
    token: Secret = None
    api_key: Secret = None
    certificate: str | None = None
    private_key: Secret = None
    private_key_password: Secret = None
    certificate_payload: PayloadFormat | None = None
    user_email: str | None = None
    password: Secret = None
    client_id: str | None = None
    client_secret: Secret = None
    redirect_uri: str | None = None
    refresh_token: Secret = None
    device_client_id: str | None = None
    keyring_service: str | None = None
    token_file: str | None = None
    consolidation_token: Secret = None
    consolidation_tenant: str | None = None


class _ConfigFile(_Table):
    default_profile: str | None = None
    profiles: dict[str, Profile] = Field(default_factory=dict[str, Profile])


@dataclass(frozen=True)
class Source:
    """A place with options.

    Attributes:
        name: Name of the place, for messages.
        profile: The options.
        environ: Environment variables, which may contain the profile's secrets.
        unavailable: Why there are no options.
    """

    name: str
    profile: Profile
    environ: Mapping[str, str]
    unavailable: str | None = None

    def get(self, option: str) -> str | None:
        """Read the value of an option from the place that the profile names.

        Args:
            option: Name of a field of Profile.

        Returns:
            The value, or None.
        """
        return self.read(option)[0]

    def read(self, option: str) -> tuple[str | None, str]:
        """Read the value of an option, and the reason if there is none.

        Args:
            option: Name of a field of Profile.

        Returns:
            The value or None, and the reason for None.
        """
        value: str | _Variable | _KeyringEntry | None = getattr(self.profile, option)
        if isinstance(value, _Variable):
            return _trimmed(option, self.environ.get(value.env)), f"{value.env} is not set"
        if isinstance(value, _KeyringEntry):
            try:
                secret = KeyringStore(value.keyring).entry(value.user)
            except (ImportError, TokenStoreException) as problem:
                return None, str(problem)
            return _trimmed(
                option, secret
            ), f"the keyring has no {value.keyring!r} for {value.user!r}"
        return _trimmed(option, value), f"{self.label(option)} is not set"

    def has(self, option: str) -> bool:
        """Return whether an option is set, without reading it from a keyring.

        Args:
            option: Name of a field of Profile.

        Returns:
            Whether it is set.
        """
        value: object = getattr(self.profile, option)
        return bool(self.environ.get(value.env) if isinstance(value, _Variable) else value)

    def label(self, option: str) -> str:
        """Return the name of an option in this place, for messages.

        Args:
            option: Name of a field of Profile.

        Returns:
            The name of the variable or of the field.
        """
        return f"ANAPLAN_{option.upper()}" if self.name == _ENVIRONMENT else option


def find_sources(profile: str | None, environ: Mapping[str, str]) -> list[Source]:
    """Read the environment and a profile.

    Args:
        profile: Profile that precedes the environment. None takes that of `ANAPLAN_PROFILE` or of
            the config file's `default_profile`, after the environment.
        environ: Environment variables.

    Returns:
        Both, in the order in which they are searched.

    Raises:
        InvalidArgumentException: A variable or the config file is not valid, or the file has no
            such profile.
    """
    sources = [
        _environment(environ),
        _profile(profile or environ.get("ANAPLAN_PROFILE", "").strip(), environ),
    ]
    return sources if profile is None else sources[::-1]


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the config file: `ANAPLAN_CONFIG_FILE`, or the one in the user's config folder.

    Args:
        environ: Environment variables.

    Returns:
        The path; there need not be a file.

    Raises:
        InvalidArgumentException: The user has no home folder, and the variable names no file.
    """
    if path := environ.get("ANAPLAN_CONFIG_FILE", "").strip():
        return expanded(path)
    return config_folder() / "config.toml"


def _trimmed(option: str, value: str | None) -> str | None:
    """Remove what editors, `echo` and files with variables add; None if nothing is left.

    A password may begin or end with a blank, so only line ends are removed from it.
    """
    if value is None:
        return None
    return (value.strip("\r\n") if option.endswith("password") else value.strip()) or None


def _environment(environ: Mapping[str, str]) -> Source:
    values = {
        name: _trimmed(name, environ.get(f"ANAPLAN_{name.upper()}"))
        for name in Profile.model_fields
    }
    try:
        profile = Profile.model_validate(values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]).upper()
        raise InvalidArgumentException(f"ANAPLAN_{name}: {error.errors()[0]['msg']}.") from None
    return Source(_ENVIRONMENT, profile, environ)


def _has_secret(profile: Profile) -> bool:
    """Whether a profile contains a secret itself, and not only the place of one."""
    secrets = (
        getattr(profile, name) for name, field in Profile.model_fields.items() if not field.repr
    )
    # A private key may be a path.
    return any(
        isinstance(value, str)
        and (value != profile.private_key or pem.unwrap(value.encode()) is not None)
        for value in secrets
    )


def _profile(name: str | None, environ: Mapping[str, str]) -> Source:
    try:
        path = config_file(environ)
    except InvalidArgumentException as problem:
        if name or environ.get("ANAPLAN_CONFIG_FILE"):
            raise
        return Source("profile", Profile(), environ, unavailable=str(problem))
    shown = repr(str(path))
    try:
        config = _ConfigFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        if name:
            raise InvalidArgumentException(
                f"There is no profile {name!r}: {shown} doesn't exist."
            ) from None
        return Source("profile", Profile(), environ, unavailable=f"{shown} doesn't exist")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidArgumentException(f"The config file {shown} can't be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidArgumentException(
            f"The config file {shown}, at {place}: {first['msg']}."
        ) from None
    if any(map(_has_secret, config.profiles.values())):
        warn_of_readers(path, "secrets")
    name = name or config.default_profile
    if name is None:
        why = f"none was named, and {shown} has no default_profile"
        return Source("profile", Profile(), environ, unavailable=why)
    if name not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise InvalidArgumentException(f"{shown} has no profile {name!r}; it has: {known}.")
    return Source(f"profile {name!r}", config.profiles[name], environ)
