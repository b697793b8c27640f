from typing import TYPE_CHECKING

import httpx2
import pytest

from anaplan_emulator import Emulator, TenantDescription
from anaplan_emulator.store.tokens import issue_token
from anaplan_emulator.store.users import user_by_email

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

BASE = "/admin/1/0/users"
HEADER = "username,first_name,last_name,licenses"


@pytest.fixture
def root(client_for: "ClientFor") -> "TenantClient":
    return client_for("root")


def send(shop: "TenantClient", *lines: str, header: str = HEADER) -> httpx2.Response:
    content = "\r\n".join((header, *lines))
    files = {"file": ("users.csv", content.encode(), "text/csv")}
    return shop.http.put(f"{BASE}/import", files=files)


def assert_error(reply: httpx2.Response, status: int, code: str) -> None:
    assert reply.status_code == status, reply.text
    assert reply.json()["status"] == code
    assert reply.json()["message"]


def test_users_are_created_and_updated(root: "TenantClient") -> None:
    reply = send(
        root,
        'new@shop.example,Nora,Née,"Enterprise, Standard"',
        "BOB@shop.example,Robert,Buyer,Standard",
        "eve@shop.example,Eve,Extern,Golden",
        "nobody,No,Body,Standard",
    )
    assert reply.status_code == 207, reply.text
    assert reply.json() == {
        "accepted": 4,
        "created": 1,
        "updated": 1,
        "errors": {"3": "License not found", "4": "Invalid email address"},
    }
    exported = root.http.get(f"{BASE}/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert exported.text.splitlines() == [
        HEADER,
        "ada@shop.example,Ada,Admin,",
        "bob@shop.example,Robert,Buyer,Standard",
        "eve@shop.example,Eve,Extern,",
        'new@shop.example,Nora,Née,"Enterprise,Standard"',
        "root@shop.example,Root,All,",
        "zoe@shop.example,Zoe,Zero,Standard",
    ]
    auth = ("new@shop.example", "Welc0me!")
    assert root.http.post("/token/authenticate", auth=auth).status_code == 201


def test_paged_exports(root: "TenantClient") -> None:
    page = root.http.get(f"{BASE}/export", params={"Limit": "2", "Offset": "1"}).text
    assert [line.split("@")[0] for line in page.splitlines()[1:]] == ["bob", "eve"]
    assert root.http.get(f"{BASE}/export", params={"Offset": "9"}).text.strip() == HEADER
    # Parameters are case-sensitive.
    assert len(root.http.get(f"{BASE}/export", params={"limit": "1"}).text.splitlines()) == 6
    for wrong in ("x", "-1", "9" * 25, "9" * 5000):
        assert_error(
            root.http.get(f"{BASE}/export", params={"Limit": wrong}), 400, "INVALID_PAYLOAD"
        )


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["new@shop.example,Nora,New"],
        ["new@shop.example,Nora,,Standard"],
        ["new@shop.example,Nora,New,Standard", "NEW@shop.example,Nora,New,Standard"],
        ['new@shop.example,"Nora,New,Standard'],
    ],
)
def test_files_that_are_rejected_completely(root: "TenantClient", lines: list[str]) -> None:
    assert_error(send(root, *lines), 400, "INVALID_PAYLOAD")
    assert "new@" not in root.http.get(f"{BASE}/export").text


def test_forms_without_a_csv_file(root: "TenantClient") -> None:
    path = f"{BASE}/import"
    assert_error(
        send(root, "a@b.c,A,B,Standard", header="email,first,last"), 400, "INVALID_PAYLOAD"
    )
    assert_error(root.http.put(path, content=b"a"), 400, "INVALID_PAYLOAD")
    assert_error(root.http.put(path, files={"data": ("x", b"x")}), 400, "INVALID_PAYLOAD")
    assert_error(root.http.put(path, files={"file": ("x", b"\xff")}), 400, "INVALID_PAYLOAD")


def test_the_maximum_number_of_rows(root: "TenantClient") -> None:
    rows = [f"u{number}@shop.example,U,{number},Standard" for number in range(501)]
    assert_error(send(root, *rows), 400, "INVALID_PAYLOAD")
    assert send(root, *rows[:500]).json()["created"] == 500
    root.emulator.settings.administration_row_limit = 1
    assert_error(send(root, *rows[:2]), 400, "INVALID_PAYLOAD")


def test_missing_permissions_depend_on_the_kind_of_token(
    root: "TenantClient", client_for: "ClientFor"
) -> None:
    bob = client_for("bob")
    row = "new@shop.example,Nora,New,Standard"
    assert_error(bob.http.get(f"{BASE}/export"), 500, "INTERNAL_SERVER_ERROR")
    assert_error(send(bob, row), 500, "INTERNAL_SERVER_ERROR")
    bob.emulator.settings.dialect = "guide"
    assert_error(send(bob, row), 403, "FORBIDDEN")


def test_missing_permissions_with_an_oauth_token(running_emulator: Emulator) -> None:
    tenant = TenantDescription.model_validate(
        {
            "name": "Portal",
            "users": [
                {"email": "a@b.example", "password": "a", "first_name": "A", "last_name": "B"}
            ],
            "oauth_clients": [
                {"name": "P", "kind": "device", "client_id": "0123456789abcdef0123456789abcdef"}
            ],
        }
    )
    running_emulator.load_tenant(tenant)
    running_emulator.reset()
    state = running_emulator.tenant
    with state.store.transaction() as db:
        user = user_by_email(db, "a@b.example")
        assert user is not None
        db.execute(
            """
            INSERT INTO oauth_grants (id, client_id, user_id, scope, signed_in_at)
            SELECT 'grant', id, ?, 'openid', 0 FROM oauth_clients
            """,
            (user.id,),
        )
        token = issue_token(db, user, state.clock, 60, grant_id="grant")
    with httpx2.Client(base_url=running_emulator.base_url) as http:
        headers = {"Authorization": f"AnaplanAuthToken {token.value}"}
        reply = http.get(f"{BASE}/export", headers=headers)
        assert_error(reply, 401, "ACCESS_CONTROL_DENIED")


def test_bearer_tokens_are_rejected(root: "TenantClient") -> None:
    token = root.http.headers["Authorization"].split()[1]
    headers = {"Authorization": f"Bearer {token}"}
    reply = root.http.get(f"{BASE}/export", headers=headers)
    assert (reply.status_code, reply.content) == (401, b"")
    assert reply.headers["www-authenticate"] == "Bearer"
