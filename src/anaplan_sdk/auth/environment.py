"""The search for a client's options: in the environment, a profile and stored tokens.

Nothing is sent. `docs/guides/environment.md` describes the order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from typing import Any, TypeAlias

import httpx2

from anaplan_sdk import _loggers
from anaplan_sdk.auth.device import AnaplanDeviceAuth
from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.oauth_tokens import AnaplanRefreshTokenAuth
from anaplan_sdk.auth.profiles import Source, find_sources
from anaplan_sdk.auth.prompt import can_ask
from anaplan_sdk.auth.stores import (
    KeyringStore,
    PlaintextFileStore,
    TokenStore,
    load_from,
    store_key,
)
from anaplan_sdk.config import ConsolidationAccess
from anaplan_sdk.exceptions import (
    CredentialsNotFoundException,
    InvalidArgumentException,
    TokenStoreException,
)
from anaplan_sdk.regions import Hosts, resolve_hosts

_HOSTS = ("base_url", "region", "hosts")
# The ways to sign in without a person, in the order of preference: the options that each needs.
_Way: TypeAlias = tuple[str, ...]
_CERTIFICATE: _Way = ("certificate",)
_BASIC: _Way = ("user_email", "password")
_REFRESH_TOKEN: _Way = ("client_id", "client_secret", "redirect_uri", "refresh_token")
_WAYS: tuple[_Way, ...] = (("token",), _CERTIFICATE, _BASIC, _REFRESH_TOKEN, ("api_key",))
# Optional, since a PKCS#12 file contains the key.
_OF_CERTIFICATE: _Way = ("private_key", "private_key_password", "certificate_payload")
_CREDENTIALS = {*chain.from_iterable(_WAYS), *_OF_CERTIFICATE, "auth"}
# Options that belong together: each one to those before it.
_CHAINS = (("certificate", "private_key", "private_key_password"), _BASIC)


# Options that are used only together with others.
_NEEDS: tuple[tuple[str, _Way], ...] = (
    ("user_email", ("password",)),
    ("password", ("user_email",)),
    ("private_key", ("certificate",)),
    ("private_key_password", ("certificate",)),
    ("refresh_token", ("client_id", "client_secret", "redirect_uri")),
    ("client_id", ("client_secret", "redirect_uri")),
    ("client_secret", ("client_id",)),
    ("redirect_uri", ("client_id",)),
    ("consolidation_token", ("consolidation_tenant",)),
    ("consolidation_tenant", ("consolidation_token",)),
)


def find_options(
    profile: str | None = None,
    given: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    store: TokenStore | None = None,
) -> dict[str, Any]:
    """Find options for a client, credentials among them.

    Args:
        profile: Profile to use, before the environment. None uses the one that `ANAPLAN_PROFILE`
            or the config file names, after the environment.
        given: Options that take precedence over what is found. If there are credentials among
            them, others are only searched to complete them.
        environ: Environment variables.
        store: Where refresh tokens are stored; by default the file that `token_file` names, or
            the keyring.

    Returns:
        The options by name, those that were given included.

    Raises:
        CredentialsNotFoundException: No usable credentials were found. The message lists the places
            that were searched, and why each was skipped.
        InvalidArgumentException: The config file is not valid, or has no such profile.
    """
    given = {name: value for name, value in (given or {}).items() if value is not None}
    if explicit := [name for name in given if name in _CREDENTIALS]:
        _loggers.auth.debug("Using %s from the arguments", " and ".join(explicit))
    sources = find_sources(profile, environ)
    skipped: list[str] = []
    options = {**_place(sources, given), **_consolidation(sources, skipped), **given}
    hosts = resolve_hosts(**{name: options.get(name) for name in _HOSTS})
    credentials = _completion(sources, given)
    if credentials is None:
        beside_token = "token" in given
        credentials = _unattended(sources, hosts, store, skipped, beside_token=beside_token)
    if credentials is None and "token" not in given:
        credentials = _stored(sources, hosts, store, skipped)
    if credentials is None and not options.keys() & {"token", "consolidation"}:
        listed = "\n".join(f"  - {reason}" for reason in skipped)
        raise CredentialsNotFoundException(f"No way to sign in was found. Searched:\n{listed}")
    return {**(credentials or {}), **options}


def _place(sources: list[Source], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first workspace, the first model, and the first region or base URL."""
    place: dict[str, Any] = {}
    for source in sources:
        base_url, region = source.get("base_url"), source.get("region")
        if base_url and region:
            raise InvalidArgumentException(
                "Give one of base_url and region, not both: they contradict."
            )
        names = ["workspace_id", "model_id"]
        if not (place.keys() | given.keys()) & set(_HOSTS):
            names += ["base_url", "region"]
        for name in names:
            if value := source.get(name):
                place.setdefault(name, value)
    return place


def _consolidation(sources: list[Source], skipped: list[str]) -> dict[str, Any]:
    """Return access to Financial Consolidation, from the first source that has it."""
    for source in sources:
        token, no_token = source.read("consolidation_token")
        tenant, no_tenant = source.read("consolidation_tenant")
        if token and tenant:
            _loggers.auth.debug("Using access to Financial Consolidation from %s", source.name)
            return {"consolidation": ConsolidationAccess(token, tenant)}
        if tenant or source.profile.consolidation_token:
            skipped.append(
                "Financial Consolidation: consolidation_token and consolidation_tenant belong "
                f"together, and {no_tenant if token else no_token}"
            )
    return {}


def _completion(sources: list[Source], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what completes credentials that were given; None if they are no way to sign in."""
    if given.keys() & {"auth", "api_key"}:
        return {}
    names = next((names for names in _CHAINS if given.keys() & set(names)), None)
    if names is None:
        return None
    found: dict[str, Any] = {}
    for index, name in enumerate(names):
        before = [each for each in names[:index] if each in given]
        for source in sources:
            # The password of another user can't be used, nor the key of another certificate.
            fits = all(source.get(each) in (None, given[each]) for each in before)
            value = source.get(name) if fits and name not in {**given, **found} else None
            if value:
                _loggers.auth.debug("Using %s from %s", name, source.name)
                found[name] = value
    return found


def _unattended(
    sources: list[Source],
    hosts: Hosts,
    store: TokenStore | None,
    skipped: list[str],
    *,
    beside_token: bool,
) -> dict[str, Any] | None:
    """Return credentials that sign in without a person, from the first source that has them."""
    for source in sources:
        if source.unavailable:
            skipped.append(f"{source.name}: {source.unavailable}")
            continue
        _warn_of_halves(source)
        for way in (_CERTIFICATE, _BASIC) if beside_token else _WAYS:
            read = {name: source.read(name) for name in way}
            missing = [problem for value, problem in read.values() if not value]
            if missing:
                skipped.append(f"{source.name}, {' and '.join(way)}: {', '.join(missing)}")
                continue
            _loggers.auth.debug("Using %s from %s", " and ".join(way), source.name)
            values = {name: str(value) for name, (value, _) in read.items()}
            if way == _REFRESH_TOKEN:
                return {"auth": _refreshing(hosts, store or _token_file(source), **values)}
            for name in _OF_CERTIFICATE if way == _CERTIFICATE else ():
                if value := source.get(name):
                    values[name] = value
            return values
    return None


def _warn_of_halves(source: Source) -> None:
    """Log options that are set and not used, since others that they need are not set."""
    for option, needed in _NEEDS:
        if not source.has(option):
            continue
        missing = [f"{source.label(name)} is not" for name in needed if not source.has(name)]
        if missing:
            _loggers.auth.warning(
                "In the %s, %s is set and %s: it is not used",
                source.name,
                source.label(option),
                " and ".join(missing),
            )


def _token_file(source: Source) -> TokenStore | None:
    path = source.get("token_file")
    return PlaintextFileStore(path) if path else None


def _refreshing(
    hosts: Hosts,
    store: TokenStore | None,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    refresh_token: str,
) -> httpx2.Auth:
    token: OAuthToken = {"refresh_token": refresh_token}
    return AnaplanRefreshTokenAuth(
        client_id, client_secret, redirect_uri, token, store=store, hosts=hosts
    )


def _stored(
    sources: list[Source], hosts: Hosts, store: TokenStore | None, skipped: list[str]
) -> dict[str, Any] | None:
    """Return OAuth with a stored token; or, at a terminal, with a sign-in that stores one."""
    searched = False
    for source in sources:
        for option in ("device_client_id", "client_id"):
            if not (client_id := source.get(option)):
                continue
            searched = True
            auth = _oauth(source, option, client_id, hosts, store)
            if not isinstance(auth, str):
                _loggers.auth.debug("Using OAuth with %s from %s", option, source.name)
                return {"auth": auth}
            skipped.append(f"stored tokens of {client_id}: {auth}")
    if not searched:
        skipped.append("stored tokens: neither client_id nor device_client_id is set")
    return None


def _oauth(
    source: Source, option: str, client_id: str, hosts: Hosts, store: TokenStore | None
) -> httpx2.Auth | str:
    """Return the OAuth of a client that has a stored token or can get one; or why there is none."""
    named = store or _token_file(source)
    try:
        store = named or KeyringStore(source.get("keyring_service") or "anaplan_sdk")
        is_stored = load_from(store, store_key(f"{hosts.oauth}/oauth/token", client_id)) is not None
    except (ImportError, TokenStoreException) as problem:
        if named is not None:
            return str(problem)
        return f"{problem} Or name a file for tokens: {source.label('token_file')}"
    if not is_stored and not can_ask():
        return f"{type(store).__name__} has none, and there is no terminal to sign in at"
    if option == "device_client_id":
        return AnaplanDeviceAuth(client_id, store=store, hosts=hosts)
    secret, no_secret = source.read("client_secret")
    redirect_uri, no_uri = source.read("redirect_uri")
    if not secret or not redirect_uri:
        return no_uri if secret else no_secret
    return AnaplanLocalOAuth(client_id, secret, redirect_uri, store=store, hosts=hosts)
