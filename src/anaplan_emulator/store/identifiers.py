"""Ids made from names, so that a tenant has the same ids on every machine.

Shapes per facts 4.2: users, customers and workspaces are 32 lower-case hexadecimal digits,
models, tasks and revisions 32 upper-case ones.
"""

import hashlib


def lower_hex(kind: str, name: str) -> str:
    """Derive the id of a user, customer or workspace."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


def upper_hex(kind: str, name: str) -> str:
    """Derive the id of a model."""
    return lower_hex(kind, name).upper()
