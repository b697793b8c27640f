"""What a handler is given, and how it says which requests it takes."""

import re
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from anaplan_emulator.audit import Account
from anaplan_emulator.replies import Api, ApiError
from anaplan_emulator.store.users import User
from anaplan_emulator.tokens import Token

if TYPE_CHECKING:
    from anaplan_emulator.world import World


# More digits than a database's numbers have are none.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, inside one transaction.

    Attributes:
        world: Everything behind the HTTP.
        db: The transaction: read-only for endpoints that don't write.
        caller: Who signed in; nobody at endpoints open to all.
        method: HTTP method.
        url: The whole URL as asked.
        path: Path parameters.
        query: Query parameters.
        headers: Request headers.
        body: Request body.
        token: What the caller signed in with; nothing where that was a password, or nobody.
        account: What the audit trail will tell of it: see `audit.record`.

    """

    world: "World"
    db: sqlite3.Connection
    caller: User | None
    method: str
    url: str
    path: Mapping[str, str]
    query: QueryParams
    headers: Headers
    body: bytes
    token: Token | None = None
    account: Account = field(default_factory=Account)

    @property
    def user(self) -> User:
        """Who signed in."""
        if self.caller is None:
            raise LookupError("this endpoint is open to all: it has no user")
        return self.caller

    def json(self) -> object:
        """Read the body as JSON.

        Raises:
            ApiError: 400, when it isn't JSON.

        """
        try:
            return read_json(self.body)
        except ValueError as error:
            raise ApiError(400, f"The request body is not JSON: {error}") from error


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route and its handler.

    Attributes:
        method: HTTP method.
        path: Path with parameters in braces. A path under `/2/0/models/{modelId}/` is served
            under `/2/0/workspaces/{workspaceId}/models/{modelId}/` too.
        handler: Answers a call, or raises `ApiError`; runs in a worker thread.
        api: The API it belongs to.
        authenticated: Whether a token is asked for before the handler runs.
        writes: Whether the handler writes to the database; by default every method but GET does.

    """

    method: str
    path: str
    handler: Callable[[Call], Response]
    api: Api
    authenticated: bool = True
    writes: bool | None = None

    @property
    def changes_state(self) -> bool:
        """Whether the handler needs a transaction that writes."""
        return self.method != "GET" if self.writes is None else self.writes


def read_json(text: bytes | str) -> Any:
    """Read JSON, whatever is sent in its name: half characters and endless nesting are none.

    Raises:
        ValueError: It isn't JSON.
    """
    return from_json(text, allow_inf_nan=False)


def whole_number(text: str) -> int | None:
    """Read a whole number; nothing where it is none, or a greater one than anything counts."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def token_in_header(headers: Headers, schemes: Collection[str]) -> str:
    """Return the token in the `Authorization` header, or nothing where it has another scheme."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme in schemes else ""
