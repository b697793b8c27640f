"""Ids derived from names, so that a tenant has the same ids on every machine.

Ids of users, customers and workspaces are 32 lower-case hexadecimal digits, those of models, tasks
and revisions 32 upper-case ones (docs/anaplan-behaviour.md#ids).
"""

import hashlib


def lower_hex(kind: str, name: str) -> str:
    """Derive an id in lower case, such as that of a user or workspace."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


def upper_hex(kind: str, name: str) -> str:
    """Derive an id in upper case, such as that of a model."""
    return lower_hex(kind, name).upper()
