"""Credentials from where they usually are: the environment, a profile, the kept tokens.

Nothing here is sent. What is looked at, in which order, is told in `docs/guides/environment.md`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypedDict, cast

import httpx2
from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anaplan_sdk.auth.consolidation import ConsolidationAccess
from anaplan_sdk.auth.device import AnaplanDeviceAuth
from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth
from anaplan_sdk.auth.oauth_tokens import AnaplanRefreshTokenAuth
from anaplan_sdk.auth.prompt import has_terminal
from anaplan_sdk.auth.stores import KeyringStore, TokenStore, store_key
from anaplan_sdk.exceptions import CredentialsNotFoundException, TokenStoreException
from anaplan_sdk.regions import Hosts, Region, resolve_hosts


class Arguments(TypedDict, total=False):
    """Arguments for a client, as far as the environment has them."""

    workspace_id: str
    model_id: str
    base_url: str
    region: Region
    hosts: Hosts
    user_email: str
    password: str
    certificate: str
    private_key: str
    private_key_password: str
    certificate_payload: Literal["v1", "v2"]
    token: str
    api_key: str
    auth: httpx2.Auth
    consolidation: ConsolidationAccess


class _FromEnvironment(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    env: str


class _FromKeyring(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    keyring: str
    user: str


Secret = str | _FromEnvironment | _FromKeyring
"""A secret, or better where it is: `{ env = "NAME" }` or `{ keyring = "service", user = "me" }`."""


class Profile(BaseModel):
    """A tenant and how to sign in to it, as a table of the config file.

    Every field is also an environment variable: `ANAPLAN_` and the field's name in capitals.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    region: str | None = None
    base_url: str | None = None
    workspace_id: str | None = None
    model_id: str | None = None
    token: Annotated[Secret | None, Field(repr=False)] = None
    api_key: Annotated[Secret | None, Field(repr=False)] = None
    certificate: str | None = None
    private_key: Annotated[Secret | None, Field(repr=False)] = None
    private_key_password: Annotated[Secret | None, Field(repr=False)] = None
    certificate_payload: Literal["v1", "v2"] | None = None
    user_email: str | None = None
    password: Annotated[Secret | None, Field(repr=False)] = None
    client_id: str | None = None
    client_secret: Annotated[Secret | None, Field(repr=False)] = None
    redirect_uri: str | None = None
    refresh_token: Annotated[Secret | None, Field(repr=False)] = None
    device_client_id: str | None = None
    keyring_service: str | None = None
    consolidation_token: Annotated[Secret | None, Field(repr=False)] = None
    consolidation_tenant: str | None = None


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    default_profile: str | None = None
    profiles: dict[str, Profile] = Field(default_factory=dict[str, Profile])


_TOKEN = (("token",), ())
# A PKCS#12 file holds the key, too.
_CERTIFICATE = (("certificate",), ("private_key", "private_key_password", "certificate_payload"))
_BASIC = (("user_email", "password"), ())
_REFRESH_TOKEN = (("client_id", "client_secret", "redirect_uri", "refresh_token"), ())
_API_KEY = (("api_key",), ())
_ALL_WAYS = (_TOKEN, _CERTIFICATE, _BASIC, _REFRESH_TOKEN, _API_KEY)
# Credentials that belong together, each to those before it.
_CHAINS = (("certificate", "private_key", "private_key_password"), ("user_email", "password"))
_Ways: TypeAlias = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
"""Ways to sign in that ask nobody: what each needs, and what else belongs to it."""


def find_arguments(
    profile: str | None = None,
    environ: Mapping[str, str] = os.environ,
    store: TokenStore | None = None,
    given: Mapping[str, object] | None = None,
) -> Arguments:
    """Arguments for a client, credentials among them.

    Args:
        profile: The profile to use, before the environment; that of `ANAPLAN_PROFILE`, or the
            file's default, after the environment when not given.
        environ: The environment's variables.
        store: Where tokens are kept; the keyring by default.
        given: Arguments that come before what is found. If there are credentials among them,
            others are looked for only to complete them.

    Raises:
        CredentialsNotFoundException: Nothing serves; it tells what was looked at, and why each was
            passed over.
        ValueError: The config file isn't one, or has no such profile.
    """
    passed_over: list[str] = []
    passed = {name: value for name, value in (given or {}).items() if value is not None}
    own = _of_environment(environ)
    chosen, origin = _of_file(profile or environ.get("ANAPLAN_PROFILE"), environ)
    sources = [(own, "environment"), (chosen, origin)]
    if profile is not None:
        sources.reverse()
    profiles = [source for source, _ in sources if source]
    place = _place(profiles)
    if passed.keys() & {"base_url", "region", "hosts"}:
        place = {name: value for name, value in place.items() if name.endswith("_id")}
    hosts = _hosts({**place, **passed})
    known = {**place, **_consolidation(profiles, environ, passed_over), **passed}
    completed = _completed(passed, profiles, environ)
    if completed is not None:
        return cast("Arguments", {**completed, **known})
    is_token = "token" in passed
    ways = (_CERTIFICATE, _BASIC) if is_token else _ALL_WAYS
    for source, where in sources:
        if source is None:
            passed_over.append(f"profile: {where}")
            continue
        found = _signing_in(source, ways, hosts, where, environ, passed_over)
        if found:
            return cast("Arguments", {**found, **known})
    kept = None if is_token else _kept(profiles, hosts, store, environ, passed_over)
    if kept or is_token or "consolidation" in known:
        return cast("Arguments", {**(kept or {}), **known})
    listed = "\n".join(f"  - {reason}" for reason in passed_over)
    raise CredentialsNotFoundException(f"No way to sign in was found. Looked at:\n{listed}")


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the profiles are: `ANAPLAN_CONFIG_FILE`, or the file in the user's config folder."""
    given = environ.get("ANAPLAN_CONFIG_FILE")
    default = user_config_path("anaplan-sdk", appauthor=False) / "config.toml"
    return Path(given).expanduser() if given else default


def _of_environment(environ: Mapping[str, str]) -> Profile:
    values = {name: environ.get(f"ANAPLAN_{name.upper()}") or None for name in Profile.model_fields}
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]).upper()
        raise ValueError(f"ANAPLAN_{name}: {error.errors()[0]['msg']}.") from None


def _of_file(name: str | None, environ: Mapping[str, str]) -> tuple[Profile | None, str]:
    """The profile to use and what to call it; or none, and why."""
    path = config_file(environ)
    try:
        config = _Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        if name:
            raise ValueError(
                f"There is no profile {name!r}: {str(path)!r} doesn't exist."
            ) from None
        return None, f"{str(path)!r} doesn't exist"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"The config file {str(path)!r} can't be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"The config file {str(path)!r}, at {place}: {first['msg']}.") from None
    name = name or config.default_profile
    if name is None:
        return None, f"none was named, and {str(path)!r} has no default_profile"
    if name not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise ValueError(f"{str(path)!r} has no profile {name!r}; it has: {known}.")
    return config.profiles[name], f"profile {name!r}"


def _place(sources: list[Profile]) -> dict[str, str]:
    """Where to: each from the first source that has it."""
    place: dict[str, str] = {}
    for source in reversed(sources):
        if source.base_url and source.region:
            raise ValueError("Give one of base_url and region, not both: they contradict.")
        if source.base_url or source.region:
            place.pop("base_url", None)
            place.pop("region", None)
        for name in ("workspace_id", "model_id", "base_url", "region"):
            if value := getattr(source, name):
                place[name] = value
    return place


def _completed(
    passed: Mapping[str, object], sources: list[Profile], environ: Mapping[str, str]
) -> dict[str, object] | None:
    """What completes credentials that were passed; `None` when they don't say how to sign in."""
    if passed.keys() & {"auth", "api_key"}:
        return {}
    chain = next((each for each in _CHAINS if passed.keys() & set(each)), None)
    if chain is None:
        return None
    found: dict[str, object] = {}
    for index, name in enumerate(chain):
        before = [each for each in chain[:index] if each in passed]
        for source in sources:
            # Another user's password is no use, nor is another certificate's key.
            fits = all(getattr(source, each) in (None, passed[each]) for each in before)
            value = _value(getattr(source, name), environ)[0] if fits else None
            if value:
                found.setdefault(name, value)
    return found


def _signing_in(
    source: Profile,
    ways: _Ways,
    hosts: Hosts,
    where: str,
    environ: Mapping[str, str],
    passed_over: list[str],
) -> dict[str, object] | None:
    """Credentials that need nobody to sign in."""
    for needed, optional in ways:
        names = [*needed, *optional]
        values: dict[str, str] = {}
        missing: list[str] = []
        for name in names:
            value, problem = _value(getattr(source, name), environ)
            if value:
                values[name] = value
            elif name in needed:
                label = f"ANAPLAN_{name.upper()}" if where == "environment" else name
                missing.append(problem or f"{label} is not set")
        if not missing:
            return _refreshing(values, hosts) if "refresh_token" in values else {**values}
        passed_over.append(f"{where}, {' and '.join(needed)}: {', '.join(missing)}")
    return None


def _consolidation(
    sources: list[Profile], environ: Mapping[str, str], passed_over: list[str]
) -> dict[str, object]:
    """Access to Financial Consolidation, from the first source that has it."""
    for source in sources:
        token, problem = _value(source.consolidation_token, environ)
        tenant = source.consolidation_tenant
        if token and tenant:
            return {"consolidation": ConsolidationAccess(token, tenant)}
        if token or tenant or source.consolidation_token:
            why = problem or "consolidation_token and consolidation_tenant belong together"
            passed_over.append(f"Financial Consolidation: {why}")
    return {}


def _refreshing(values: Mapping[str, str], hosts: Hosts) -> dict[str, object]:
    return {
        "auth": AnaplanRefreshTokenAuth(
            values["client_id"],
            values["client_secret"],
            values["redirect_uri"],
            {"refresh_token": values["refresh_token"]},
            hosts=hosts,
        )
    }


def _kept(
    sources: list[Profile],
    hosts: Hosts,
    store: TokenStore | None,
    environ: Mapping[str, str],
    passed_over: list[str],
) -> dict[str, object] | None:
    """A token that was kept for a client; or, where someone can sign in, the way to get one."""
    token_url = f"{hosts.oauth}/oauth/token"
    for source in sources:
        for name in ("device_client_id", "client_id"):
            client_id = getattr(source, name)
            if not client_id:
                continue
            try:
                place_of_tokens = store or KeyringStore(source.keyring_service or "anaplan_sdk")
                is_kept = place_of_tokens.load(store_key(token_url, client_id)) is not None
            except (ImportError, TokenStoreException) as problem:
                passed_over.append(f"kept tokens of {client_id}: {problem}")
                continue
            if not is_kept and not has_terminal():
                passed_over.append(
                    f"kept tokens of {client_id}: there are none, and no terminal to sign in at"
                )
                continue
            if name == "device_client_id":
                return {"auth": AnaplanDeviceAuth(client_id, store=place_of_tokens, hosts=hosts)}
            secret, lacking = _value(source.client_secret, environ)
            if not secret or not source.redirect_uri:
                why = lacking or "client_secret and redirect_uri are needed"
                passed_over.append(f"kept tokens of {client_id}: {why}")
                continue
            return {
                "auth": AnaplanLocalOAuth(
                    client_id, secret, source.redirect_uri, store=place_of_tokens, hosts=hosts
                )
            }
    if not any(source.client_id or source.device_client_id for source in sources):
        passed_over.append("kept tokens: neither client_id nor device_client_id is set")
    return None


def _hosts(place: Mapping[str, object]) -> Hosts:
    return resolve_hosts(
        base_url=cast("str | None", place.get("base_url")),
        region=cast("Region | None", place.get("region")),
        hosts=cast("Hosts | None", place.get("hosts")),
    )


def _value(secret: Secret | None, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """A secret from where it is; or none, and why."""
    if isinstance(secret, _FromEnvironment):
        return environ.get(secret.env) or None, f"{secret.env} is not set"
    if isinstance(secret, _FromKeyring):
        try:
            value = KeyringStore(secret.keyring).load(secret.user)
        except (ImportError, TokenStoreException) as problem:
            return None, str(problem)
        return value, f"the keyring has no {secret.keyring!r} for {secret.user!r}"
    return secret, None
