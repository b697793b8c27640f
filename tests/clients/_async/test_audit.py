"""The tenant's users."""

from __future__ import annotations

import pytest

from anaplan_sdk.exceptions import InvalidIdentifierException
from anaplan_sdk.testing import EmulatedAnaplan


async def test_users(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        me = await client.audit.get_user()
        assert me.email == anaplan.emulator.user_email
        assert me.active
        assert await client.audit.get_user(me.id) == me
        users = await client.audit.get_users(sort_by="email", descending=True)
        assert me in users
        assert len(users) > 1
        assert [user.email for user in users] == sorted((u.email for u in users), reverse=True)
        assert await client.audit.get_users(search_pattern="no such person") == []
        with pytest.raises(InvalidIdentifierException):
            await client.audit.get_user("0" * 32)
    assert len(anaplan.requests(path="/token/authenticate")) == 1
