"""Users in and out as CSV."""

from __future__ import annotations

from pathlib import Path

import pytest

from anaplan_sdk import models
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    AnaplanResponseException,
    InvalidCredentialsException,
    PartialFailureException,
    PermissionDeniedException,
    ServerException,
    WriteInterruptedException,
)
from anaplan_sdk.testing import EmulatedAnaplan

ADMIN = "admin@skyline.example"
IMPORT = "/admin/1/0/users/import"
EXPORT = "/admin/1/0/users/export"
NORA = {
    "username": "new@skyline.example",
    "first_name": "Nora",
    "last_name": 'O"Née, jr.',
    "licenses": ["Enterprise", "Standard"],
}


def row(number: int, **changes: str) -> dict[str, object]:
    name = f"u{number}@skyline.example"
    user = {"username": name, "first_name": "U", "last_name": "U", "licenses": "Standard"}
    return {**user, **changes}


async def test_users_come_and_change(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        guest = models.UserRow(
            username="guest@skyline.example",
            first_name="Gus",
            last_name="Test",
            licenses=["Professional"],
        )
        result = await client.administration.import_users([NORA, guest])
        assert (result.accepted, result.created, result.updated) == (2, 1, 1)
        assert result.failures == []
        exported = {one.username: one async for one in client.administration.export_users()}
        assert exported[guest.username] == guest
        assert exported["new@skyline.example"].model_dump() == NORA
        again = await client.administration.import_users([guest])
        assert (again.created, again.updated) == (0, 1)
        assert len(anaplan.requests("PUT", IMPORT)) == 2


async def test_rows_that_are_refused(anaplan: EmulatedAnaplan) -> None:
    users = [row(1), row(2, licenses="Golden"), row(3, username="nobody")]
    async with anaplan.async_client(user_email=ADMIN) as client:
        result = await client.administration.import_users(users)
        assert (result.accepted, result.created) == (3, 1)
        assert [(one.index, one.details, one.item) for one in result.failures] == [
            (1, "License not found", users[1]),
            (2, "Invalid email address", users[2]),
        ]
        with pytest.raises(
            PartialFailureException, match="2 of 3; the first, at index 1"
        ) as partial:
            await client.administration.import_users(users, raise_on_failure=True)
        assert isinstance(partial.value.result, models.UserImportResult)
        assert partial.value.result.updated == 1


@pytest.mark.parametrize(
    "errors",
    [{"2": "License not found"}, [{"line": 2, "message": "License not found"}]],
)
async def test_either_form_of_errors_is_read(anaplan: EmulatedAnaplan, errors: object) -> None:
    body = {"accepted": 2, "created": 1, "updated": 0, "errors": errors}
    anaplan.fault(method="PUT", path=IMPORT, status=207, body=body)
    async with anaplan.async_client(user_email=ADMIN) as client:
        result = await client.administration.import_users([row(1), row(2)])
        (failure,) = result.failures
        assert (failure.index, failure.details) == (1, "License not found")
        assert failure.item == row(2)


async def test_more_users_than_one_import_takes(anaplan: EmulatedAnaplan) -> None:
    users = [row(number) for number in range(1001)]
    users[700]["licenses"] = "Golden"
    async with anaplan.async_client(user_email=ADMIN) as client:
        result = await client.administration.import_users(iter(users))
        assert (result.accepted, result.created) == (1001, 1000)
        assert [(one.index, one.item) for one in result.failures] == [(700, users[700])]
        assert len(anaplan.requests("PUT", IMPORT)) == 3
        names = [one.username async for one in client.administration.export_users(page_size=400)]
        assert len(set(names)) == len(names) > 1000
        assert [r.query for r in anaplan.requests("GET", EXPORT)] == [
            f"Limit=400&Offset={offset}" for offset in (0, 400, 800)
        ]


async def test_one_of_several_imports_that_fails(anaplan: EmulatedAnaplan) -> None:
    users = [row(number) for number in range(1001)]
    anaplan.fault(method="PUT", path=IMPORT, skip=1, status=400)
    async with anaplan.async_client(user_email=ADMIN) as client:
        with pytest.raises(WriteInterruptedException, match="before index 1,000") as interrupted:
            await client.administration.import_users(users)
        error = interrupted.value
        assert isinstance(error.result, models.UserImportResult)
        assert error.result.created == 500
        assert (error.refused, error.in_doubt, error.unsent_from) == ([range(500, 1000)], [], 1000)
        result = await client.administration.import_users(users)
        assert (result.created, result.updated) == (501, 500)


async def test_users_from_a_csv(anaplan: EmulatedAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    content = (
        "\ufefflast_name,first_name,username,licenses\r\n\r\n"
        'Née,Nora,new@skyline.example,"Enterprise, Standard"\r\n'
    )
    path.write_text(content, encoding="utf-8", newline="")
    async with anaplan.async_client(user_email=ADMIN) as client:
        for form in (path, content, content.encode()):
            result = await client.administration.import_users(form)
            assert result.created + result.updated == 1
        (new,) = [
            one
            async for one in client.administration.export_users()
            if one.username == "new@skyline.example"
        ]
        assert (new.last_name, new.licenses) == ("Née", ["Enterprise", "Standard"])


async def test_the_export_as_csv(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        whole = await client.administration.export_users_csv()
        assert whole.startswith(b"username,first_name,last_name,licenses")
        assert (
            whole.splitlines()
            == (await client.administration.export_users_csv(page_size=2)).splitlines()
        )
        rows = [one async for one in client.administration.export_users()]
        assert len(whole.splitlines()) == len(rows) + 1
        with pytest.raises(ValueError, match="page_size"):
            await client.administration.export_users_csv(page_size=0)


async def test_an_export_that_knows_no_pages(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        whole = (await client.administration.export_users_csv()).decode()
        anaplan.fault(method="GET", path=EXPORT, body=whole, times=None)
        assert (await client.administration.export_users_csv(page_size=2)).decode() == whole
        anaplan.emulator.clear_faults()
        anaplan.fault(method="GET", path=EXPORT, body="a,b\n1,2\n")
        with pytest.raises(AnaplanResponseException, match="no column 'username'"):
            await client.administration.export_users_csv()


@pytest.mark.parametrize(
    ("users", "words"),
    [
        ([], "must not be empty"),
        ([row(1), row(2, first_name=" ")], "user 1, first_name: must not be empty"),
        ([row(1, licenses=" , ")], "user 0, licenses: must not be empty"),
        (
            [row(1), row(2, username="U1@skyline.example")],
            "user 1, username: the same as",
        ),
        ([{"username": "a@b.c"}], "user 0, first_name: Field required"),
        ("username,first_name,last_name\n", "no column 'licenses'. A str is content"),
        ("users.csv", "no column"),
        ("username,first_name,last_name,licenses\n", "must not be empty"),
        ("username,first_name,last_name,licenses\na,b\n", "user 0: the row has 2 cells"),
        ('username,first_name,last_name,licenses\na,b,"c,d\n', "invalid after user 0"),
        (b"username\xff", "must be UTF-8"),
    ],
)
async def test_invalid_users_are_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, users: list[dict[str, object]] | str | bytes, words: str
) -> None:
    async with anaplan.async_client(user_email=ADMIN) as client:
        with pytest.raises(ValueError, match=words):
            await client.administration.import_users(users)
        with pytest.raises(TypeError, match="must be a list or an iterable, not dict"):
            await client.administration.import_users(row(1))  # type: ignore[arg-type]
    assert not anaplan.requests()


async def test_who_may_not(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(PermissionDeniedException, match="Only tenant administrators"):
            await client.administration.export_users_csv()
        with pytest.raises(PermissionDeniedException, match="Only tenant administrators"):
            await client.administration.import_users([row(1)])
        assert len(anaplan.requests("*", "/admin/*")) == 2
        # Anaplan answers a token from OAuth this way; the token is kept.
        body = {"status": "ACCESS_CONTROL_DENIED", "message": "Access denied"}
        anaplan.fault(method="GET", path=EXPORT, status=401, body=body)
        with pytest.raises(PermissionDeniedException, match="Access denied"):
            await client.administration.export_users_csv()
        assert len(anaplan.requests("POST", "/token/authenticate")) == 1
        anaplan.emulator.settings.dialect = "guide"
        with pytest.raises(PermissionDeniedException, match="HTTP 403, FORBIDDEN"):
            await client.administration.import_users([row(1)])
    async with anaplan.async_client(api_key="auk_us1_Sk7l1ne-pr0visioning") as client:
        with pytest.raises(InvalidCredentialsException, match="API keys"):
            await client.administration.import_users([row(1)])


async def test_trouble_on_the_way(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(user_email=ADMIN, backoff=0.01) as client:
        anaplan.fault(method="PUT", path=IMPORT, status=503)
        assert (await client.administration.import_users([row(1)])).created == 1
        anaplan.advance(minutes=40)
        # The form is sent again with another token.
        assert (await client.administration.import_users([row(2)])).created == 1
        for path in (IMPORT, EXPORT):
            anaplan.fault(path=path, status=503, times=3)
        with pytest.raises(ServerException, match="HTTP 503"):
            await client.administration.import_users([row(3)])
        with pytest.raises(ServerException, match="HTTP 503"):
            await client.administration.export_users_csv()
        anaplan.emulator.settings.administration_row_limit = 1
        with pytest.raises(AnaplanRequestException, match="HTTP 400, INVALID_PAYLOAD"):
            await client.administration.import_users([row(4), row(5)])
