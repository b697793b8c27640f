"""Users as an identity provider keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from anaplan_sdk import field
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    InvalidIdentifierException,
    PartialUpdateException,
    PermissionDeniedException,
)
from anaplan_sdk.models import scim
from anaplan_sdk.testing import EmulatedAnaplan

ADMIN = "admin@skyline.example"
GUEST = "guest@skyline.example"
KEY = "auk_us1_Sk7l1ne-pr0visioning"
PLANNING = "824de59dd81a718cbae501abe49f102e"
FINANCE = "a856123478de8fd81a8a590c2c176746"
NOWHERE = "0" * 32
NEW: Mapping[str, object] = {
    "user_name": "new@skyline.example",
    "externalId": "N-1",
    "name": {"familyName": "New", "given_name": "Nora"},
    "entitlements": [{"value": PLANNING}],
}


async def test_the_users_are_listed_whatever_the_page(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        users = await client.scim.get_users()
        names = [user.user_name for user in users]
        assert ADMIN in names
        for page_size in (1, 4, len(users), 100):
            again = await client.scim.get_users(page_size=page_size)
            assert [user.user_name for user in again] == names
        assert await client.scim.get_user(users[0].id) == users[0]
        requests = anaplan.requests("GET", "/scim/1/0/v2/Users")
        assert requests[0].query == "startIndex=1&count=100"


async def test_the_service_may_give_smaller_pages_than_asked_for(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        users = await client.scim.get_users()
        first = [user.model_dump(mode="json", by_alias=True) for user in users[:2]]
        page = {"totalResults": len(users), "Resources": first}
        anaplan.fault(method="GET", path="*/Users", body=page)
        assert await client.scim.get_users() == users
        anaplan.fault(method="GET", path="*/Users", body={"totalResults": 3})
        assert await client.scim.get_users() == users
        anaplan.fault(method="GET", path="*/Users", body={"totalResults": 3}, times=2)
        assert await client.scim.get_users() == []


@pytest.mark.parametrize("page_size", [0, 101])
async def test_page_sizes_that_there_are_not(anaplan: EmulatedAnaplan, page_size: int) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        with pytest.raises(ValueError, match="page_size must be 1 to 100"):
            await client.scim.get_users(page_size=page_size)
    assert not anaplan.requests()


async def test_users_are_found_by_filters(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:

        async def found(predicate: str | scim.FilterExpression) -> list[str]:
            return [user.user_name for user in await client.scim.get_users(predicate, 2)]

        assert await found(field("userName") == ADMIN.upper()) == [ADMIN]
        assert await found('userName Eq "admin@skyline.example" and (active eq true)') == [ADMIN]
        active = field("active") == True  # noqa: E712
        names = (field("userName") == ADMIN) | (field("userName") == "former@skyline.example")
        assert await found(active & names) == [ADMIN]
        assert len(await found(names)) == 2
        everybody = await found((field("userName") != ADMIN) | names)
        assert len(everybody) == len(await client.scim.get_users())
        assert await found(field("externalId") & (field("userName") == GUEST)) == []
        user = (await client.scim.get_users(field("userName") == ADMIN))[0]
        assert await found(field("id") == user.id) == [ADMIN]
        assert await found((field("userName") >= "t") & (field("userName") < "u")) == [
            "treasurer@skyline.example"
        ]
        assert await found(field("name.familyName") == 'O"Neill \\ & Söhne') == []


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        ('userName co "x"', "does not support 'co'"),
        ('NOT (userName eq "x")', "does not support 'NOT'"),
        ('emails[type eq "work"]', r"does not support \[ \]"),
        ('userName eq "x', "not closed"),
        (" ", "empty"),
    ],
)
async def test_filters_that_anaplan_lacks(
    anaplan: EmulatedAnaplan, predicate: str, words: str
) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        with pytest.raises(ValueError, match=words):
            await client.scim.get_users(predicate)
        assert not anaplan.requests()
        with pytest.raises(AnaplanRequestException, match="HTTP 400, invalidValue"):
            await client.scim.get_users('nickName eq "x"')


async def test_a_user_comes_and_changes(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        user = await client.scim.add_user(NEW)
        assert (user.user_name, user.external_id, user.active) == (NEW["user_name"], "N-1", True)
        assert user.name.formatted == user.display_name == "Nora New"
        assert user.workspace_ids == [PLANNING]
        assert user.entitlements[0].display == "Network Planning"
        with pytest.raises(AnaplanRequestException) as refusal:
            await client.scim.add_user(scim.UserInput.model_validate(NEW))
        assert refusal.value.status_code == 409

        changed = await client.scim.update_user(
            user.id,
            [
                scim.Replace(path="name.familyName", value="Newer"),
                {"op": "remove", "path": "externalId"},
                scim.Add(path="entitlements", value=[scim.EntitlementInput(value=FINANCE)]),
            ],
        )
        assert (changed.name.family_name, changed.external_id) == ("Newer", None)
        assert set(changed.workspace_ids) == {PLANNING, FINANCE}
        assert not (await client.scim.deactivate_user(user.id)).active
        assert (await client.scim.activate_user(user.id)).active

        replaced = await client.scim.replace_user(
            user.id,
            scim.ReplaceUserInput(
                user_name=user.user_name,
                name=scim.NameInput(family_name="N", given_name="N"),
            ),
        )
        assert replaced.workspace_ids == []
        assert await client.scim.get_user(user.id) == replaced


async def test_workspaces_are_assigned_and_unassigned(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        user = await client.scim.add_user(NEW)
        assigned = await client.scim.assign_workspaces(user.id, FINANCE)
        assert set(assigned.workspace_ids) == {PLANNING, FINANCE}
        unassigned = await client.scim.unassign_workspaces(user.id, [PLANNING])
        assert unassigned.workspace_ids == [FINANCE]
        with pytest.raises(PartialUpdateException, match="only in part") as partial:
            await client.scim.assign_workspaces(user.id, [NOWHERE, PLANNING])
        assert partial.value.not_assigned == [NOWHERE]
        assert partial.value.user is not None
        assert set(partial.value.user.workspace_ids) == {PLANNING, FINANCE}
        operations = [{"op": "add", "path": "entitlements", "value": [{"value": NOWHERE}]}]
        operations[0]["value"] = [{"value": NOWHERE, "type": "WORKSPACE"}]
        unchanged = await client.scim.update_user(user.id, operations)
        assert set(unchanged.workspace_ids) == {PLANNING, FINANCE}


async def test_a_partial_reply_of_another_shape(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        user = await client.scim.add_user(NEW)
        anaplan.fault(method="PATCH", path="*/Users/*", status=207, body='{"failures": []}')
        with pytest.raises(PartialUpdateException) as partial:
            await client.scim.unassign_workspaces(user.id, PLANNING)
        assert partial.value.still_assigned == [PLANNING]
        assert partial.value.user == user


async def test_invalid_arguments_are_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        with pytest.raises(ValueError, match="at most 50 workspaces, not 51"):
            await client.scim.add_user({**NEW, "entitlements": [{"value": NOWHERE}] * 51})
        with pytest.raises(ValueError, match="name"):
            await client.scim.add_user({"user_name": "x@skyline.example"})
        with pytest.raises(ValueError, match="of user a, not of b"):
            await client.scim.replace_user("b", {**NEW, "id": "a"})
        with pytest.raises(ValueError, match="operations must not be empty"):
            await client.scim.update_user("a", [])
        with pytest.raises(ValueError, match="replace needs a value"):
            await client.scim.update_user("a", [{"op": "replace", "path": "active"}])
        with pytest.raises(ValueError, match="path"):
            await client.scim.update_user("a", [{"op": "remove"}])
        with pytest.raises(ValueError, match="at least one workspace"):
            await client.scim.assign_workspaces("a", [])
    assert not anaplan.requests()


@pytest.mark.parametrize(
    "operations", [{"op": "replace", "path": "active", "value": False}, "active"]
)
async def test_one_operation_is_no_list(anaplan: EmulatedAnaplan, operations: Any) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(TypeError, match="operations must be a list"):
            await client.scim.update_user("u", operations)
    assert anaplan.requests() == []


async def test_who_may_not(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(PermissionDeniedException):
            await client.scim.get_users()
        with pytest.raises(PermissionDeniedException):
            await client.scim.add_user(NEW)
    async with anaplan.async_client(user_email=ADMIN) as client:
        for call in (client.scim.get_user, client.scim.deactivate_user):
            with pytest.raises(InvalidIdentifierException):
                await call(NOWHERE)
        with pytest.raises(AnaplanRequestException, match="HTTP 400"):
            await client.scim.add_user({**NEW, "entitlements": [{"value": NOWHERE}]})


async def test_a_key_is_enough(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(api_key=KEY) as client:
        user = await client.scim.add_user(NEW)
        assert await client.scim.get_users(field("userName") == user.user_name) == [user]


async def test_a_token_that_expires_between_pages(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        everybody = await client.scim.get_users()
        anaplan.advance(minutes=40)
        assert await client.scim.get_users(page_size=2) == everybody


async def test_what_the_service_says_of_itself(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        config = await client.scim.get_service_provider_config()
        assert not config.patch.supported
        assert config.filter.max_results == 200
        (kind,) = await client.scim.get_resource_types()
        assert kind.endpoint
        schemas = await client.scim.get_resource_schemas()
        assert "userName" in {one.name for schema in schemas for one in schema.attributes}
