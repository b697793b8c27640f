"""The search for a client's options: in the environment, a profile and stored tokens.

Nothing is sent. `docs/guides/environment.md` describes the order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NoReturn, TypeAlias

import httpx2

from anaplan_sdk import _loggers
from anaplan_sdk.auth.device import AnaplanDeviceAuth
from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth
from anaplan_sdk.auth.oauth_app import OAuthToken
from anaplan_sdk.auth.oauth_tokens import AnaplanRefreshTokenAuth
from anaplan_sdk.auth.profiles import Source, Variable, find_sources
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
    SignInRequiredException,
    TokenStoreException,
)
from anaplan_sdk.regions import Hosts, resolve_hosts

_HOSTS = ("base_url", "region", "hosts")
# The ways to sign in without a person, in the order of preference: the options that each needs.
_Way: TypeAlias = tuple[str, ...]
_CERTIFICATE: _Way = ("certificate",)
_BASIC: _Way = ("user_email", "password")
_REFRESH_TOKEN: _Way = ("client_id", "client_secret", "redirect_uri", "refresh_token")
_WAYS: Mapping[_Way, str] = {
    ("token",): "token",
    _CERTIFICATE: "certificate",
    _BASIC: "password",
    _REFRESH_TOKEN: "refresh token",
    ("api_key",): "API key",
}
# Those that begin with a person: the option with the client, and its name.
_OAUTH_WAYS = {"device_client_id": "device", "client_id": "browser"}
_ALL_WAYS: Mapping[_Way, str] = {
    **_WAYS,
    **{(option,): name for option, name in _OAUTH_WAYS.items()},
}
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


@dataclass(frozen=True)
class Incomplete:
    """A way to sign in of which a place has only a part.

    Attributes:
        source: The place.
        options: What the way needs, by field of Profile.
        missing: Why there is no value, by those of the fields that have none.
    """

    source: Source
    options: Sequence[str]
    missing: Mapping[str, str]


@dataclass(frozen=True)
class Search:
    """What a search has found.

    Attributes:
        sources: The places, in the order in which they were searched.
        options: Options for a client, by name.
        origins: The place of each option that is used, by field of Profile; none for those that
            were given.
        skipped: Why no other way to sign in is used.
        incomplete: The ways of these of which a part is set.
    """

    sources: Sequence[Source]
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: dict[str, Source] = field(default_factory=dict[str, Source])
    skipped: list[str] = field(default_factory=list[str])
    incomplete: list[Incomplete] = field(default_factory=list[Incomplete])

    @property
    def way(self) -> str | None:
        """The way to sign in that was found, such as "certificate"; None if there is none."""
        return self._found[0]

    @property
    def way_source(self) -> Source | None:
        """The place of what is signed in with; None if there is no way."""
        return self._found[1]

    @property
    def _found(self) -> tuple[str | None, Source | None]:
        for options, name in _ALL_WAYS.items():
            if self.origins.keys() >= set(options):
                return name, self.origins[options[-1]]
        return None, None

    def require_credentials(self) -> None:
        """Check that there is a way to sign in.

        Raises:
            CredentialsNotFoundException: There is none. The message lists the places that were
                searched, and why each was skipped.
        """
        if self.options.keys() & ({*_CREDENTIALS, "consolidation"} - {"certificate_payload"}):
            return
        listed = "\n".join(f"  - {reason}" for reason in self.skipped)
        raise CredentialsNotFoundException(f"No way to sign in was found. Searched:\n{listed}")


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
    search = search_options(find_sources(profile, environ), given, store)
    search.require_credentials()
    return search.options


def search_options(
    sources: Sequence[Source],
    given: Mapping[str, Any] | None = None,
    store: TokenStore | None = None,
    *,
    may_ask: bool = True,
) -> Search:
    """Search places for options, as `find_options` does, and say where each one is from.

    Args:
        sources: The places, in the order in which they are searched.
        given: Options that take precedence over what is found.
        store: Where refresh tokens are stored.
        may_ask: Whether someone at a terminal may be asked to sign in.

    Returns:
        What was found. There need not be credentials.

    Raises:
        InvalidArgumentException: An option is not valid.
    """
    given = {name: value for name, value in (given or {}).items() if value is not None}
    if explicit := [name for name in given if name in _CREDENTIALS]:
        _loggers.auth.debug("Using %s from the arguments", " and ".join(explicit))
    search = Search(sources)
    options = {**_place(search, given), **_consolidation(search), **given}
    hosts = _hosts(search, options)
    credentials = _completion(search, given)
    if credentials is None:
        credentials = _unattended(search, hosts, store, beside_token="token" in given)
    if credentials is None and "token" not in given:
        credentials = _stored(search, hosts, store, may_ask=may_ask)
    search.options.update({**(credentials or {}), **options})
    return search


def way_of(source: Source) -> str | None:
    """Return the way to sign in that a place has the options for; no keyring is read.

    Args:
        source: The place.

    Returns:
        The way, such as "certificate"; None if none is complete.
    """
    return next((name for way, name in _ALL_WAYS.items() if all(map(source.has, way))), None)


def token_store(source: Source) -> TokenStore:
    """Return where refresh tokens are stored, as a place names it.

    Args:
        source: The place.

    Returns:
        The file of tokens; or the keyring.

    Raises:
        ImportError: It is the keyring, and the extra `keyring` is not installed.
        InvalidArgumentException: The file's path begins with `~`, and there is no home folder.
    """
    return _token_file(source) or KeyringStore(source.get("keyring_service") or "anaplan_sdk")


def token_key(hosts: Hosts, client_id: str) -> str:
    """Return the key that the refresh token of an OAuth client is stored under.

    Args:
        hosts: The hosts.
        client_id: The client.

    Returns:
        The key.
    """
    return store_key(f"{hosts.oauth}/oauth/token", client_id)


def _hosts(search: Search, options: Mapping[str, Any]) -> Hosts:
    """Return the hosts; the error for a value that is not valid begins with its place."""
    try:
        return resolve_hosts(**{name: options.get(name) for name in _HOSTS})
    except InvalidArgumentException as problem:
        for name in _HOSTS:
            if source := search.origins.get(name):
                raise InvalidArgumentException(f"{source.place(name)}: {problem}") from None
        raise


def _place(search: Search, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first workspace, the first model, and the first region or base URL."""
    place: dict[str, Any] = {}
    for source in search.sources:
        base_url, region = source.get("base_url"), source.get("region")
        if base_url and region:
            raise InvalidArgumentException(
                "Give one of base_url and region, not both: they contradict."
            )
        names = ["workspace_id", "model_id"]
        if not (place.keys() | given.keys()) & set(_HOSTS):
            names += ["base_url", "region"]
        for name in names:
            if name not in place and (value := source.get(name)):
                place[name] = value
                search.origins[name] = source
    return place


def _consolidation(search: Search) -> dict[str, Any]:
    """Return access to Financial Consolidation, from the first source that has it."""
    for source in search.sources:
        token, no_token = source.read("consolidation_token")
        tenant, no_tenant = source.read("consolidation_tenant")
        if token and tenant:
            _loggers.auth.debug("Using access to Financial Consolidation from %s", source.name)
            search.origins.update(
                dict.fromkeys(("consolidation_token", "consolidation_tenant"), source)
            )
            return {"consolidation": ConsolidationAccess(token, tenant)}
        if tenant or source.profile.consolidation_token:
            search.skipped.append(
                "Financial Consolidation: consolidation_token and consolidation_tenant belong "
                f"together, and {no_tenant if token else no_token}"
            )
    return {}


def _completion(search: Search, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what completes credentials that were given; None if they are no way to sign in."""
    if given.keys() & {"auth", "api_key"}:
        return {}
    names = next((names for names in _CHAINS if given.keys() & set(names)), None)
    if names is None:
        return None
    found: dict[str, Any] = {}
    for index, name in enumerate(names):
        before = [each for each in names[:index] if each in given]
        for source in search.sources:
            # The password of another user can't be used, nor the key of another certificate.
            fits = all(source.get(each) in (None, given[each]) for each in before)
            value = source.get(name) if fits and name not in {**given, **found} else None
            if value:
                _loggers.auth.debug("Using %s from %s", name, source.name)
                found[name] = value
                search.origins[name] = source
    return found


def _unattended(
    search: Search, hosts: Hosts, store: TokenStore | None, *, beside_token: bool
) -> dict[str, Any] | None:
    """Return credentials that sign in without a person, from the first source that has them."""
    for source in search.sources:
        if source.unavailable:
            search.skipped.append(f"{source.name}: {source.unavailable}")
            continue
        _warn_of_halves(source)
        for way in (_CERTIFICATE, _BASIC) if beside_token else _WAYS:
            read = {name: source.read(name) for name in way}
            missing = {name: problem for name, (value, problem) in read.items() if not value}
            if missing:
                problems = ", ".join(missing.values())
                search.skipped.append(f"{source.name}, {' and '.join(way)}: {problems}")
                if any(source.names(name) for name in way):
                    search.incomplete.append(Incomplete(source, way, missing))
                continue
            _loggers.auth.debug("Using %s from %s", " and ".join(way), source.name)
            values = {name: str(value) for name, (value, _) in read.items()}
            search.origins.update(dict.fromkeys(way, source))
            if way == _REFRESH_TOKEN:
                if source.has("token_file"):
                    search.origins["token_file"] = source
                return {"auth": _refreshing(hosts, store or _token_file(source), **values)}
            for name in _OF_CERTIFICATE if way == _CERTIFICATE else ():
                if value := source.get(name):
                    values[name] = value
                    search.origins[name] = source
            return values
    return None


def _warn_of_halves(source: Source) -> None:
    """Log options that are set and not used, since others that they need are not set."""
    for option, needed in _NEEDS:
        if not source.has(option):
            continue
        missing = [f"{_described(source, name)} is not" for name in needed if not source.has(name)]
        if missing:
            _loggers.auth.warning(
                "In the %s, %s is set and %s: it is not used",
                source.name,
                source.label(option),
                " and ".join(missing),
            )


def _described(source: Source, option: str) -> str:
    value: object = getattr(source.profile, option)
    if isinstance(value, Variable):
        return f"the variable {value.env}, which it names for {option},"
    return source.label(option)


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
    search: Search, hosts: Hosts, store: TokenStore | None, *, may_ask: bool
) -> dict[str, Any] | None:
    """Return OAuth with a stored token; or, at a terminal, with a sign-in that stores one."""
    searched = False
    for source in search.sources:
        for option in _OAUTH_WAYS:
            if not (client_id := source.get(option)):
                continue
            searched = True
            auth = _oauth(source, option, client_id, hosts, store, may_ask=may_ask)
            if not isinstance(auth, str):
                _loggers.auth.debug("Using OAuth with %s from %s", option, source.name)
                used = ["client_secret", "redirect_uri"] if option == "client_id" else []
                used += ["token_file" if source.has("token_file") else "keyring_service"]
                search.origins.update(dict.fromkeys([option, *filter(source.has, used)], source))
                return {"auth": auth}
            search.skipped.append(f"stored tokens of {client_id}: {auth}")
            search.incomplete.append(Incomplete(source, (option,), {option: auth}))
    if not searched:
        search.skipped.append("stored tokens: neither client_id nor device_client_id is set")
    return None


def _refuse_to_ask(_: object) -> NoReturn:
    raise SignInRequiredException("Someone has to sign in again.")


def _oauth(
    source: Source,
    option: str,
    client_id: str,
    hosts: Hosts,
    store: TokenStore | None,
    *,
    may_ask: bool,
) -> httpx2.Auth | str:
    """Return the OAuth of a client that has a stored token or can get one; or why there is none."""
    is_named = store is not None or source.has("token_file")
    try:
        store = store or token_store(source)
        is_stored = load_from(store, token_key(hosts, client_id)) is not None
    except (ImportError, TokenStoreException) as problem:
        if is_named:
            return str(problem)
        return f"{problem} Or name a file for tokens: {source.label('token_file')}"
    if not is_stored and not (may_ask and can_ask()):
        return f"{type(store).__name__} has none, and there is no terminal to sign in at"
    prompt = None if may_ask else _refuse_to_ask
    if option == "device_client_id":
        return AnaplanDeviceAuth(client_id, store=store, hosts=hosts, prompt=prompt)
    secret, no_secret = source.read("client_secret")
    redirect_uri, no_uri = source.read("redirect_uri")
    if not secret or not redirect_uri:
        return no_uri if secret else no_secret
    return AnaplanLocalOAuth(
        client_id, secret, redirect_uri, store=store, hosts=hosts, prompt=prompt
    )
