"""What type checkers see of exception users and of users as CSV: never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import assert_type

from anaplan_sdk import AsyncClient, Client, models


def users(client: Client) -> None:
    row = models.UserRow(username="a@b.c", first_name="A", last_name="B", licenses=["Standard"])
    result = client.administration.import_users([row, {"username": "a"}], raise_on_failure=True)
    assert_type(result, models.UserImportResult)
    assert_type(result.failures, list[models.Failure])
    assert_type(client.administration.import_users(Path("users.csv")), models.UserImportResult)
    assert_type(client.administration.import_users(b"username,"), models.UserImportResult)
    assert_type(client.administration.export_users(page_size=10), Generator[models.UserRow])
    assert_type(client.administration.export_users_csv(page_size=10), bytes)

    found = client.exception_users.get_exception_users(workspace_id="workspace")
    assert_type(found, list[models.ExceptionWorkspace])
    assert_type(found[0].users, list[models.ExceptionUser])
    assert_type(client.exception_users.assign_exception_user("user", "workspace"), None)
    assert_type(client.exception_users.unassign_exception_user("user", "workspace"), None)


async def users_async(client: AsyncClient) -> None:
    rows = (row async for row in client.administration.export_users())
    assert_type(await anext(rows), models.UserRow)
    assert_type(client.administration.export_users(), AsyncGenerator[models.UserRow])
    assert_type(await client.administration.export_users_csv(), bytes)
    assert_type(await client.administration.import_users("username"), models.UserImportResult)

    found = await client.exception_users.get_exception_users(user_id="user")
    assert_type(found, list[models.ExceptionWorkspace])
    assert_type(await client.exception_users.assign_exception_user("user", "workspace"), None)
    assert_type(await client.exception_users.unassign_exception_user("user", "workspace"), None)
