"""Importing and exporting users as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.contract.exchange import Exchange

_Exchange = partial(Exchange, specification="administration", user="root")


def form(*lines: str) -> bytes:
    content = "\n".join(("username,first_name,last_name,licenses", *lines))
    head = 'Content-Disposition: form-data; name="file"; filename="users.csv"\r\n'
    return f"--edge\r\n{head}Content-Type: text/csv\r\n\r\n{content}\r\n--edge--\r\n".encode()


def administration() -> Iterator[Exchange]:
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    import_users = partial(_Exchange, "PUT", "/users/import", headers=headers)
    good, bad = "new@shop.example,Nora,New,Standard", "bob@shop.example,Bob,Buyer,Golden"
    yield import_users(207, content=form(good))
    yield import_users(207, content=form(good, bad))
    yield import_users(400, content=form())
    yield import_users(500, content=form(good), user="bob")
    yield _Exchange("GET", "/users/export", 200, query={"Limit": "2", "Offset": "1"})
    yield _Exchange("GET", "/users/export", 500, user="bob")
    for method, path in (("PUT", "/users/import"), ("GET", "/users/export")):
        bearer = {"Authorization": "Bearer token"}
        yield _Exchange(method, path, 401, user=None, headers=bearer)


EXCHANGES = [*administration()]
