"""The emulated tenant, and what a test asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dlt

from anaplan_sdk.testing import EmulatedAnaplan
from dlt_anaplan import AnaplanCredentials

AIRLINES, AIRLINES_FILE, AIRLINES_IMPORT = 101000000001, 113000000000, 112000000001
AIRPORTS_FILE, AIRPORTS_IMPORT, TIME_ZONES_IMPORT = 113000000001, 112000000002, 112000000000

Pipelines = Callable[..., dlt.Pipeline]


def credentials_of(anaplan: EmulatedAnaplan, email: str | None = None) -> AnaplanCredentials:
    emulator = anaplan.emulator
    email = email or emulator.user_email
    passwords = {user.email: user.password for user in emulator.tenant.description.users}
    return AnaplanCredentials(
        user_email=email,
        password=passwords[email],  # type: ignore[arg-type]
        base_url=emulator.base_url,
    )


def started(anaplan: EmulatedAnaplan) -> list[str]:
    """The actions whose start Anaplan has received, in their order."""
    return [each.path.split("/")[-2] for each in anaplan.requests("POST", "*/tasks")]


def airlines(count: int) -> Sequence[dict[str, str]]:
    return [{"carrier": f"X{number}", "name": f"Airline {number}"} for number in range(count)]


def codes(anaplan: EmulatedAnaplan) -> set[str]:
    """The codes of the airlines that the model has."""
    return {item.code or "" for item in anaplan.client().tr.get_list_items(AIRLINES)}
