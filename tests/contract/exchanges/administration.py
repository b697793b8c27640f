"""Users in and out as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.contract.exchange import Exchange

_Exchange = partial(Exchange, specification="administration", who="root")


def form(*lines: str) -> bytes:
    content = "\n".join(("username,first_name,last_name,licenses", *lines))
    head = 'Content-Disposition: form-data; name="file"; filename="users.csv"\r\n'
    return f"--edge\r\n{head}Content-Type: text/csv\r\n\r\n{content}\r\n--edge--\r\n".encode()


def administration() -> Iterator[Exchange]:
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    bring = partial(_Exchange, "PUT", "/users/import", headers=headers)
    good, bad = "new@shop.example,Nora,New,Standard", "bob@shop.example,Bob,Buyer,Golden"
    yield bring(207, content=form(good))
    yield bring(207, content=form(good, bad))
    yield bring(400, content=form())
    yield bring(500, content=form(good), who="bob")
    yield _Exchange("GET", "/users/export", 200, query={"Limit": "2", "Offset": "1"})
    yield _Exchange("GET", "/users/export", 500, who="bob")
    for method, path in (("PUT", "/users/import"), ("GET", "/users/export")):
        foreign = {"Authorization": "Bearer token"}
        yield _Exchange(method, path, 401, who=None, headers=foreign)


EXCHANGES = [*administration()]
