"""What `anaplan login` stores outside of the config file: secrets, and refresh tokens of OAuth."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError

if TYPE_CHECKING:
    from anaplan_sdk.auth.profiles import Profile
    from anaplan_sdk.config import TokenStore
    from anaplan_sdk.regions import Hosts

_SERVICE = "anaplan-sdk"


def entry_of(profile: str, field: str) -> Mapping[str, str]:
    """Return the entry of the keyring in which `login` stores a secret.

    Args:
        profile: Name of the profile.
        field: The field of the profile.

    Returns:
        The entry, as the config file names it.
    """
    return {"keyring": _SERVICE, "user": f"{profile}.{field}"}


def save_secret(profile: str, field: str, value: str | None) -> str | None:
    """Store a secret in the keyring, or remove it.

    Args:
        profile: Name of the profile.
        field: The field of the profile.
        value: The secret; None removes it.

    Returns:
        What was stored before.

    Raises:
        TokenStoreException: The keyring can't be used.
        ImportError: The extra `keyring` is not installed.
    """
    from anaplan_sdk.auth.stores import KeyringStore

    store, user = KeyringStore(_SERVICE), entry_of(profile, field)["user"]
    before = store.entry(user)
    if before != value:
        store.save(user, value)
    return before


def stored_fields(name: str, profile: Profile) -> list[str]:
    """Return the fields of a profile whose secrets `login` stored in the keyring.

    Args:
        name: Name of the profile.
        profile: The profile.

    Returns:
        The fields.
    """
    from anaplan_sdk.auth.profiles import KeyringEntry

    return [
        field
        for field, value in profile
        if isinstance(value, KeyringEntry) and value.model_dump() == entry_of(name, field)
    ]


def remove_unused(name: str, before: Profile, after: Profile) -> None:
    """Remove secrets that `login` stored in the keyring and a profile uses no more.

    Args:
        name: Name of the profile.
        before: The profile before a change.
        after: The profile after the change.

    Raises:
        TokenStoreException: The keyring can't be used.
        ImportError: The extra `keyring` is not installed.
    """
    used = stored_fields(name, after)
    for field in stored_fields(name, before):
        if field not in used:
            save_secret(name, field, None)


def require_keyring(field: str, profile: str = "") -> None:
    """Check that a secret can be stored, before anyone is asked for it or to sign in.

    Args:
        field: The field of a profile.
        profile: Name of the profile.

    Raises:
        CommandError: It can't be stored.
    """
    from anaplan_sdk.auth.stores import KeyringStore
    from anaplan_sdk.exceptions import TokenStoreException

    entry = entry_of(profile, field)
    try:
        store = KeyringStore(entry["keyring"])
        if store.entry(entry["user"]) is None:
            # A keyring may accept a value, and not keep it.
            store.save(entry["user"], "-")
            store.save(entry["user"], None)
    except (TokenStoreException, ImportError) as problem:
        raise CommandError(
            ExitCode.SIGN_IN,
            f"The {field.replace('_', ' ')} can't be stored: {first_sentence(problem)}",
            "Put it into a variable, which later commands need as well, and name that: "
            f"--secret-env ANAPLAN_{field.upper()}. Secrets are not written into the config file.",
        ) from None


def keyring_name() -> str:
    """Return the name of the keyring's backend, such as `file PlaintextKeyring`."""
    backend = _backend()
    return str(getattr(backend, "name", backend.__class__.__name__))


def unencrypted_keyring() -> str | None:
    """Return a warning if the keyring keeps secrets in a form that others may read.

    Returns:
        The warning, as a sentence; None if nothing is known against the keyring.
    """
    backend = _backend()
    if "plaintext" in backend.__class__.__name__.lower():
        path = getattr(backend, "file_path", None)
        place = f" in {path}" if path else ""
        return f"This keyring does not encrypt: secrets can be read{place}."
    priority: Any = 0
    with suppress(Exception):  # A backend that should not be used here says so by any of them.
        priority = getattr(backend, "priority", 0)
    if float(priority) < 1:  # The keyring library recommends those from 1 on.
        return "This keyring may not encrypt: the library 'keyring' does not recommend it."
    return None


def _backend() -> Any:
    import keyring
    from keyring.backends.chainer import ChainerBackend

    backend = keyring.get_keyring()
    # It stores in the first of them.
    return next(iter(backend.backends), backend) if isinstance(backend, ChainerBackend) else backend


def first_sentence(problem: Exception) -> str:
    """Return what is wrong with a store of secrets, without the advice for Python programs.

    Args:
        problem: The error of the store.

    Returns:
        The first sentence.
    """
    return str(problem).partition(". ")[0].rstrip(".") + "."


@dataclass(frozen=True)
class StoredToken:
    """A place for the refresh token of an OAuth client.

    Attributes:
        client_id: The client.
        store: The store.
        key: The key of the token.
    """

    client_id: str
    store: TokenStore
    key: str

    @property
    def place(self) -> tuple[str, str]:
        """What distinguishes this place from others."""
        return repr(self.store), self.key


def hosts_of(profile: Profile) -> Hosts:
    """Return the hosts that a profile is for; those of the variables if it names none.

    Args:
        profile: The profile.

    Returns:
        The hosts.

    Raises:
        InvalidArgumentException: The region or the base URL is not valid.
    """
    from anaplan_sdk.auth.profiles import environment_source
    from anaplan_sdk.regions import resolve_hosts

    place = profile if profile.region or profile.base_url else environment_source().profile
    region: Any = place.region
    return resolve_hosts(base_url=place.base_url, region=region, hosts=None)


def token_places(profile: Profile) -> list[StoredToken]:
    """Return where the refresh tokens of a profile's OAuth clients are stored.

    Args:
        profile: The profile.

    Returns:
        The places; there need not be tokens.

    Raises:
        InvalidArgumentException: The profile's region or base URL is not valid.
        ImportError: It is the keyring, and the extra `keyring` is not installed.
    """
    from anaplan_sdk.auth.environment import token_key, token_store
    from anaplan_sdk.auth.profiles import profile_source

    clients = list(filter(None, (profile.device_client_id, profile.client_id)))
    if not clients:
        return []
    hosts = hosts_of(profile)
    store = token_store(profile_source("", profile))
    return [StoredToken(each, store, token_key(hosts, each)) for each in clients]


def remove_stored(
    name: str, profile: Profile, others: Mapping[str, Profile] | None = None
) -> list[str]:
    """Remove what `login` stored for a profile outside of the config file.

    Args:
        name: Name of the profile.
        profile: The profile.
        others: Profiles whose refresh tokens stay, where they share one with this profile.

    Returns:
        What was removed, in words.

    Raises:
        TokenStoreException: A store can't be read or written.
        InvalidArgumentException: The profile's region or base URL is not valid.
        ImportError: The extra `keyring` is not installed.
    """
    from anaplan_sdk.auth.stores import load_from, save_to

    removed: list[str] = []
    shared = {each.place for other in (others or {}).values() for each in token_places(other)}
    for token in token_places(profile):
        if token.place not in shared and load_from(token.store, token.key) is not None:
            save_to(token.store, token.key, None)
            removed.append(f"the refresh token of the OAuth client {token.client_id}")
    fields = stored_fields(name, profile)
    return removed + [
        f"{field} from the keyring" for field in fields if save_secret(name, field, None)
    ]
