"""Requests as endpoints receive them, and the endpoints' declarations."""

import re
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from anaplan_emulator.apis.negotiation import is_json
from anaplan_emulator.apis.replies import Api, ApiError
from anaplan_emulator.store.audit_events import AuditContext
from anaplan_emulator.store.tokens import Token
from anaplan_emulator.store.users import User
from anaplan_emulator.tenant_state import TenantState

# SQLite's integers have up to 18 digits.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to an API, in a transaction.

    Attributes:
        tenant: The tenant.
        db: The transaction, which is read-only for endpoints that do not write.
        caller: The authenticated user, or None at endpoints without authentication.
        method: HTTP method.
        url: The requested URL.
        path: Path parameters.
        query: Query parameters.
        headers: Request headers.
        body: Request body.
        token: The token of the request, or None after Basic or without authentication.
        audit: Records audit events of the request.
    """

    tenant: TenantState
    db: sqlite3.Connection
    caller: User | None
    method: str
    url: str
    path: Mapping[str, str]
    query: QueryParams
    headers: Headers
    body: bytes
    token: Token | None = None
    audit: AuditContext = field(default_factory=AuditContext)

    @property
    def user(self) -> User:
        """The authenticated user.

        Raises:
            LookupError: The endpoint has no authentication.
        """
        if self.caller is None:
            raise LookupError("this endpoint has no authentication and so no user")
        return self.caller

    @property
    def is_live(self) -> bool:
        """Whether to behave as Anaplan was observed to, rather than as documented."""
        return self.tenant.settings.dialect != "guide"

    def json(self) -> object:
        """Return the body, parsed as JSON.

        Raises:
            ApiError: 400, the body is not JSON.
        """
        try:
            return parse_json(self.body)
        except ValueError as error:
            raise ApiError(400, f"The request body is not JSON: {error}") from error

    def labelled_json(self) -> object:
        """Return the body, parsed as JSON, which another `Content-Type` contradicts.

        Raises:
            ApiError: 400, the body is not JSON; 415, it is labelled as something else.
        """
        if not is_json(self.headers):
            raise ApiError(415)
        return self.json()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of an API.

    Attributes:
        method: HTTP method.
        path: Path with parameters in braces. A path below `/2/0/models/{modelId}/` is also served
            below `/2/0/workspaces/{workspaceId}/models/{modelId}/`.
        handler: Returns the response or raises `ApiError`. It runs in a worker thread.
        api: The API.
        authenticated: Whether the request is authenticated before the handler runs.
        writes: Whether the handler writes to the database; by default all methods except GET do.
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


def parse_json(text: bytes | str) -> Any:
    """Parse JSON. Invalid UTF-8, NaN and too deep nesting are errors.

    Raises:
        ValueError: The text is not JSON.
    """
    return from_json(text, allow_inf_nan=False)


def whole_number(text: str) -> int | None:
    """Parse an integer, or return None if the text is not one or the integer is too large."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def integer_parameter(text: str | None, error: ApiError, *, minimum: int = 0) -> int | None:
    """Parse a parameter of a request that is an integer.

    Args:
        text: The parameter's value, or None if it is not given.
        error: The response to an invalid value.
        minimum: The smallest valid value.

    Returns:
        The integer, or None if the parameter is not given.

    Raises:
        ApiError: The value is not an integer, or it is too small or too large.
    """
    if text is None:
        return None
    number = whole_number(text)
    if number is None or number < minimum:
        raise error
    return number


def token_in_header(headers: Headers, schemes: Collection[str]) -> str:
    """Return the token in the header `Authorization`, or "" if it has another scheme."""
    scheme, value = credentials_in_header(headers)
    return value if scheme in {each.lower() for each in schemes} else ""


def credentials_in_header(headers: Headers) -> tuple[str, str]:
    """Return the scheme in the header `Authorization`, in lower case, and what follows it.

    Schemes are case-insensitive (RFC 9110, section 11.1).
    """
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    return scheme.lower(), value.strip()
