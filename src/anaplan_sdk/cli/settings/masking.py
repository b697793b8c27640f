"""Settings as they may be shown: without secrets."""

from __future__ import annotations

from typing import Any

from anaplan_sdk._printable import printable

MASK = "********"


def shown(option: str, value: Any) -> str:
    """Return a setting as it may be shown.

    Args:
        option: Name of a field of a profile.
        value: Its value, or the place of a secret.

    Returns:
        The text: secrets are masked, and their places are as in the config file.
    """
    from anaplan_sdk.auth import pem
    from anaplan_sdk.auth.profiles import KeyringEntry, Variable, is_secret

    if isinstance(value, Variable):
        return f'{{ env = "{printable(value.env)}" }}'
    if isinstance(value, KeyringEntry):
        service, user = printable(value.keyring), printable(value.user)
        return f'{{ keyring = "{service}", user = "{user}" }}'
    if is_secret(option, value):
        return MASK
    # A PKCS#12 file, or PEM, may contain the key.
    if option == "certificate" and pem.unwrap(str(value).encode()) is not None:
        return f"{MASK} (content, not a path)"
    return printable(str(value))
