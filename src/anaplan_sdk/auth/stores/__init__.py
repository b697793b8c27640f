"""Stores that keep refresh tokens between runs."""

from anaplan_sdk.auth.stores.file import PlaintextFileStore
from anaplan_sdk.auth.stores.keyring import KeyringStore
from anaplan_sdk.auth.stores.lock import lock_for
from anaplan_sdk.auth.stores.memory import MemoryStore
from anaplan_sdk.auth.stores.protocol import load_from, save_to, store_key
from anaplan_sdk.config import TokenStore

__all__ = [
    "KeyringStore",
    "MemoryStore",
    "PlaintextFileStore",
    "TokenStore",
    "load_from",
    "lock_for",
    "save_to",
    "store_key",
]
