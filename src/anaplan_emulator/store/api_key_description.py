"""API keys as a tenant's file describes them."""

import hashlib

from pydantic import Field

from anaplan_emulator.store.description import Description

MOST_KEYS = 10
"""Keys of a user (facts 2.5)."""


class ApiKeyDescription(Description):
    """A key that speaks for its user, to the APIs that take keys."""

    name: str = Field(min_length=1)
    region: str = Field(default="us1", pattern=r"^[a-z0-9]+$")
    value: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$", repr=False)
    expires_in_days: float = Field(default=365, gt=0)
    """Counted from when the tenant is loaded."""

    def key(self, email: str) -> str:
        """Return the whole key: with the value given, or one made from owner and name."""
        made = hashlib.sha256(f"api key:{email.lower()}:{self.name}".encode()).hexdigest()
        return f"auk_{self.region}_{self.value or made}"
