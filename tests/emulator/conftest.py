"""One emulator for each worker; every test gets it with the tenant it asks for, as at the start."""

from collections.abc import Iterator

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription

PEOPLE = TenantDescription.model_validate(
    {
        "name": "People only",
        "users": [
            {
                "email": "ada@example.com",
                "password": "correct horse",
                "first_name": "Ada",
                "last_name": "Lovelace",
            },
            {
                "email": "gone@example.com",
                "password": "left",
                "first_name": "Gone",
                "last_name": "Away",
                "active": False,
            },
            {
                "email": "sso@example.com",
                "password": "unused",
                "first_name": "Single",
                "last_name": "Sign-On",
                "single_sign_on": True,
            },
            {
                "email": "exception@example.com",
                "password": "taken",
                "first_name": "Exception",
                "last_name": "User",
                "single_sign_on": True,
                "exception_user": True,
            },
        ],
    }
)


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator(PEOPLE) as emulator:
        yield emulator


@pytest.fixture
def tenant() -> TenantDescription:
    """The tenant to test with; modules that want another override this."""
    return PEOPLE


@pytest.fixture
def emulator(running_emulator: Emulator, tenant: TenantDescription) -> Emulator:
    if running_emulator.world.tenant != tenant:
        running_emulator.load_tenant(tenant)
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=emulator.base_url, timeout=10) as client:
        yield client
