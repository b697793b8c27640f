"""Models of the Integration API: users."""

from __future__ import annotations

from anaplan_sdk.models._base import AnaplanModel


class User(AnaplanModel):
    """A user of the tenant.

    Attributes:
        id: The id, 32 lower-case hexadecimal digits.
        active: Whether the user may sign in.
        email: The address to sign in with.
        email_opt_in: Whether the user has agreed to receive mail from Anaplan.
        first_name: The first name.
        last_name: The last name.
        last_login_date: When the user last signed in, as ISO 8601 text such as
            `2026-01-31T08:05:37.000+0000`; None for a user who never did.

    Source: Anaplan Integration API V2 guide, "Retrieve user information".
    """

    id: str
    active: bool = True
    email: str = ""
    email_opt_in: bool = False
    first_name: str = ""
    last_name: str = ""
    last_login_date: str | None = None
