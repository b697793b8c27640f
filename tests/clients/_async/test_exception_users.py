"""Who may use a password in spite of single sign-on."""

from __future__ import annotations

import pytest

from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    PermissionDeniedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

SECURITY = "security@skyline.example"
KEY = "auk_us1_Sk7l1ne-pr0visioning"
TREASURY = "7a419c149bd544e74fea8f554369400e"
PLANNING = "824de59dd81a718cbae501abe49f102e"
NOBODY = "0" * 32


async def user_ids(anaplan: EmulatedAnaplan) -> dict[str, str]:
    async with anaplan.async_client(api_key=KEY) as client:
        return {user.user_name.partition("@")[0]: user.id for user in await client.scim.get_users()}


async def test_exception_users_are_found(anaplan: EmulatedAnaplan) -> None:
    ids = await user_ids(anaplan)
    # Anybody may ask, and a key will do.
    for sign_in in ({}, {"api_key": KEY}):
        async with anaplan.async_client(**sign_in) as client:
            (treasury,) = await client.exception_users.get_exception_users(workspace_id=TREASURY)
            assert (treasury.workspace_id, treasury.workspace_name) == (TREASURY, "Treasury")
            (user,) = treasury.users
            assert user.email == "break-glass@skyline.example"
            assert user.user_id == ids["break-glass"]
            assert await client.exception_users.get_exception_users(user_id=user.user_id) == [
                treasury
            ]
    async with anaplan.async_client() as client:
        for who in ({"workspace_id": NOBODY}, {"user_id": NOBODY}):
            with pytest.raises(InvalidIdentifierException):
                await client.exception_users.get_exception_users(**who)
        anaplan.emulator.settings.dialect = "guide"
        with pytest.raises(PermissionDeniedException):
            await client.exception_users.get_exception_users(workspace_id=TREASURY)


async def test_an_exception_is_made_and_ended(anaplan: EmulatedAnaplan) -> None:
    treasurer = (await user_ids(anaplan))["treasurer"]
    async with anaplan.async_client(user_email="treasurer@skyline.example") as client:
        with pytest.raises(InvalidCredentialsException):
            await client.authenticate()
        async with anaplan.async_client(user_email=SECURITY) as security:
            await security.exception_users.assign_exception_user(treasurer, TREASURY)
            await security.exception_users.assign_exception_user(treasurer, TREASURY)
            await client.authenticate()
            (treasury,) = await security.exception_users.get_exception_users(workspace_id=TREASURY)
            assert treasurer in {user.user_id for user in treasury.users}
            await security.exception_users.unassign_exception_user(treasurer, TREASURY)
            (treasury,) = await security.exception_users.get_exception_users(workspace_id=TREASURY)
            assert treasurer not in {user.user_id for user in treasury.users}


async def test_what_is_refused(anaplan: EmulatedAnaplan) -> None:
    ids = await user_ids(anaplan)
    async with anaplan.async_client(user_email=SECURITY) as client:
        users = client.exception_users
        with pytest.raises(AnaplanRequestException, match="HTTP 400, FAILURE_BAD_REQUEST"):
            await users.assign_exception_user(
                ids["treasurer"], PLANNING
            )  # which has no single sign-on
        with pytest.raises(AnaplanRequestException, match="HTTP 400, FAILURE_BAD_REQUEST"):
            await users.assign_exception_user(ids["planner"], TREASURY)  # who isn't there
        with pytest.raises(InvalidIdentifierException):
            await users.unassign_exception_user(NOBODY, TREASURY)
        with pytest.raises(PermissionDeniedException):
            await users.assign_exception_user(ids["security"], TREASURY)  # oneself
        requests = len(anaplan.requests())
        for both in ({}, {"workspace_id": TREASURY, "user_id": NOBODY}):
            with pytest.raises(ValueError, match="either workspace_id or user_id"):
                await users.get_exception_users(**both)
        with pytest.raises(ValueError, match="not a valid id"):
            await users.assign_exception_user("", TREASURY)
        assert len(anaplan.requests()) == requests
    async with anaplan.async_client() as client:
        with pytest.raises(PermissionDeniedException):
            await client.exception_users.assign_exception_user(ids["treasurer"], TREASURY)
