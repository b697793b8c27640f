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


class Variable(_Table):
    """The place of a secret: an environment variable."""

    env: str


class KeyringEntry(_Table):
    """The place of a secret: an entry of the system keyring."""

    keyring: str
    user: str


Secret: TypeAlias = Annotated[str | Variable | KeyringEntry | None, Field(repr=False)]
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


class ConfigFile(_Table):
    """The content of the config file."""

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
        value: str | Variable | KeyringEntry | None = getattr(self.profile, option)
        if isinstance(value, Variable):
            return _trimmed(option, self.environ.get(value.env)), f"{value.env} is not set"
        if isinstance(value, KeyringEntry):
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
        return bool(self.environ.get(value.env) if isinstance(value, Variable) else value)

    def names(self, option: str) -> bool:
        """Return whether an option or the place of its value is set; the value may be missing.

        Args:
            option: Name of a field of Profile.

        Returns:
            Whether it is set.
        """
        return getattr(self.profile, option) is not None

    def place(self, option: str) -> str:
        """Return where an option is set, for messages.

        Args:
            option: Name of a field of Profile.

        Returns:
            The name of the variable, or of the profile.
        """
        return self.label(option) if self.name == _ENVIRONMENT else self.name

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
        environment_source(environ),
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


def environment_source(environ: Mapping[str, str] = os.environ) -> Source:
    """Read the options in environment variables.

    Args:
        environ: Environment variables.

    Returns:
        The source.

    Raises:
        InvalidArgumentException: A variable is not valid.
    """
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


def is_secret(option: str, value: object) -> bool:
    """Return whether a value of a profile is a secret itself, and not only the place of one.

    Args:
        option: Name of a field of Profile.
        value: Its value.

    Returns:
        Whether it is a secret. A private key may be a path.
    """
    if not isinstance(value, str) or Profile.model_fields[option].repr:
        return False
    return option != "private_key" or pem.unwrap(value.encode()) is not None


def has_secret(config: ConfigFile) -> bool:
    """Return whether a config file contains a secret itself, and not only the place of one.

    Args:
        config: The content of the file.

    Returns:
        Whether it does.
    """
    return any(is_secret(*each) for profile in config.profiles.values() for each in profile)


def read_config(path: Path) -> ConfigFile | None:
    """Read the config file.

    Args:
        path: Its path.

    Returns:
        The content; None if there is no file.

    Raises:
        InvalidArgumentException: It can't be read, or is not valid.
    """
    try:
        return parse_config(path.read_text("utf-8"), path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None


def parse_config(text: str, path: Path) -> ConfigFile:
    """Parse the text of a config file.

    Args:
        text: The text.
        path: The path of the file, for messages.

    Returns:
        The content.

    Raises:
        InvalidArgumentException: It is not valid.
    """
    try:
        return ConfigFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unreadable(path, error) from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InvalidArgumentException(
            f"The config file {str(path)!r}, at {place}: {first['msg']}."
        ) from None


def _unreadable(path: Path, error: Exception) -> InvalidArgumentException:
    return InvalidArgumentException(f"The config file {str(path)!r} can't be read: {error}.")


def _profile(name: str | None, environ: Mapping[str, str]) -> Source:
    try:
        path = config_file(environ)
    except InvalidArgumentException as problem:
        if name or environ.get("ANAPLAN_CONFIG_FILE"):
            raise
        return Source("profile", Profile(), environ, unavailable=str(problem))
    shown = repr(str(path))
    config = read_config(path)
    if config is None:
        if name:
            raise InvalidArgumentException(f"There is no profile {name!r}: {shown} doesn't exist.")
        return Source("profile", Profile(), environ, unavailable=f"{shown} doesn't exist")
    if has_secret(config):
        warn_of_readers(path, "secrets")
    name = name or config.default_profile
    if name is None:
        why = f"none was named, and {shown} has no default_profile"
        return Source("profile", Profile(), environ, unavailable=why)
    if name not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise InvalidArgumentException(f"{shown} has no profile {name!r}; it has: {known}.")
    return profile_source(name, config.profiles[name], environ)


def profile_source(name: str, profile: Profile, environ: Mapping[str, str] = os.environ) -> Source:
    """Return a profile as a place with options.

    Args:
        name: Name of the profile.
        profile: The profile, which need not be in a file.
        environ: Environment variables, which may contain the profile's secrets.

    Returns:
        The source.
    """
    return Source(f"profile {name!r}", profile, environ)
