"""What type checkers see of SCIM: read by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from anaplan_sdk import AsyncClient, Client, field
from anaplan_sdk.models import scim


def filters() -> None:
    name = field("userName") == "jane@company.com"
    assert_type(name, scim.FilterExpression)
    assert_type(name & (field("active") == True) | field("id").present(), scim.FilterExpression)  # noqa: E712
    assert_type(field("name.familyName") >= "m", scim.FilterExpression)


def users(client: Client) -> None:
    assert_type(client.scim.get_service_provider_config(), scim.ServiceProviderConfig)
    assert_type(client.scim.get_resource_types(), list[scim.Resource])
    assert_type(client.scim.get_resource_schemas(), list[scim.Schema])
    assert_type(client.scim.get_users(), list[scim.User])
    assert_type(client.scim.get_users("active eq true", 50), list[scim.User])
    assert_type(client.scim.get_users(field("externalId")), list[scim.User])
    user = client.scim.get_user("id")
    assert_type(user, scim.User)
    assert_type(user.workspace_ids, list[str])
    name = scim.NameInput(family_name="Doe", given_name="Jane")
    assert_type(client.scim.add_user(scim.UserInput(user_name="j@c.d", name=name)), scim.User)
    assert_type(client.scim.add_user({"userName": "j@c.d"}), scim.User)
    replacement = scim.ReplaceUserInput(user_name="j@c.d", name=name)
    assert_type(client.scim.replace_user("id", replacement), scim.User)
    operations = [scim.Replace(path="active", value=False), scim.Remove(path="externalId")]
    assert_type(client.scim.update_user("id", operations, raise_on_failure=True), scim.User)
    assert_type(client.scim.update_user("id", [{"op": "remove", "path": "a"}]), scim.User)
    assert_type(client.scim.deactivate_user("id"), scim.User)
    assert_type(client.scim.activate_user("id"), scim.User)
    assert_type(client.scim.assign_workspaces("id", "workspace"), scim.User)
    assert_type(client.scim.unassign_workspaces("id", ["workspace"]), scim.User)


async def users_async(client: AsyncClient) -> None:
    assert_type(await client.scim.get_service_provider_config(), scim.ServiceProviderConfig)
    assert_type(await client.scim.get_resource_types(), list[scim.Resource])
    assert_type(await client.scim.get_resource_schemas(), list[scim.Schema])
    assert_type(await client.scim.get_users(field("userName") == "j@c.d"), list[scim.User])
    assert_type(await client.scim.get_user("id"), scim.User)
    assert_type(await client.scim.add_user({"userName": "j@c.d"}), scim.User)
    assert_type(await client.scim.replace_user("id", {"userName": "j@c.d"}), scim.User)
    assert_type(await client.scim.update_user("id", [scim.Add(path="a", value=1)]), scim.User)
    assert_type(await client.scim.deactivate_user("id"), scim.User)
    assert_type(await client.scim.activate_user("id"), scim.User)
    assert_type(await client.scim.assign_workspaces("id", ["workspace"]), scim.User)
    assert_type(await client.scim.unassign_workspaces("id", "workspace"), scim.User)
