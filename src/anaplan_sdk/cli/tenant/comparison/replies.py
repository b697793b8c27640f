"""Requests of a comparison, and what is kept of their replies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import httpx2

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Service: TypeAlias = Literal["api", "auth", "oauth", "audit", "cloudworks", "scim", "consolidation"]

# What stands before the paths of a service, as in docs/anaplan-behaviour.md#base-paths.
_SHOWN_BASES: Mapping[str, str] = {
    "audit": "/audit/api/1",
    "cloudworks": "/2/0",
    "scim": "/scim/1/0/v2",
    "consolidation": "/api/v2305.1",
}


@dataclass(frozen=True)
class Call:
    """A request that is sent to both sides.

    Attributes:
        path: Path below the base of its service. Names in braces are replaced by the ids of
            objects that correspond to each other.
        method: HTTP method.
        service: Which API it belongs to.
        query: The query, whose values may have names in braces as well.
        headers: Further headers.
        json: The body, as JSON; None sends none.
        content: The body, as bytes.
        unsigned: The `Authorization` header that takes the place of the token; "" sends none, None
            sends the token.
        begins: Whether only the beginning of the reply is read, since it may be large.
        captured: Whether the emulator's objects are the live tenant's. Otherwise rows and content
            that only one side has are no difference.
        fails: Whether the reply is expected to be an error. Otherwise 401, 403 and 404 of the live
            tenant mean that the profile has no access.
        unsettled: Whether the reply reports work that goes on meanwhile, so that its state and what
            comes with that differ from one time to the next.
        note: What distinguishes it from another call of the same operation, such as "no model".
    """

    path: str
    method: str = "GET"
    service: Service = "api"
    query: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    json: object = None
    content: bytes | None = None
    unsigned: str | None = None
    begins: bool = False
    captured: bool = True
    fails: bool = False
    unsettled: bool = False
    note: str = ""

    @property
    def operation(self) -> str:
        """Method and full path, with names in braces."""
        return f"{self.method} {_SHOWN_BASES.get(self.service, '')}{self.path}"

    @property
    def label(self) -> str:
        """The operation with its query and what else distinguishes the call."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        accept = self.headers.get("Accept", "")
        notes = ", ".join(filter(None, (f"as {accept}" if accept else "", self.note)))
        return self.operation + (f"?{query}" if query else "") + (f" ({notes})" if notes else "")


@dataclass(frozen=True)
class Reply:
    """A reply, as far as it is compared.

    Attributes:
        status: The status code.
        headers: The headers, by lower-case name.
        content: The body, or its beginning.
        is_cut: Whether it is the beginning only.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_cut: bool = False

    @staticmethod
    def of(
        response: httpx2.Response, content: bytes | None = None, *, is_cut: bool = False
    ) -> Reply:
        """Return what is kept of a response.

        Args:
            response: The response.
            content: The body, if it was not read by the response itself.
            is_cut: Whether that is the beginning only.

        Returns:
            The reply.
        """
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = response.content if content is None else content
        return Reply(response.status_code, headers, body, is_cut)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @cached_property
    def body(self) -> Json:
        """The body, as far as it was read, if it is JSON; None otherwise."""
        from pydantic_core import from_json

        try:
            parsed: Json = from_json(self.content, allow_partial=self.is_cut)
        except ValueError:
            return None
        if self.is_cut and isinstance(parsed, dict):
            last = next(reversed(parsed.values()), None)
            if isinstance(last, list):
                del last[-1:]  # It is incomplete.
        return parsed

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON: an object or an array."""
        return isinstance(self.body, dict | list)

    @property
    def text(self) -> str:
        """The body as text, without a byte order mark."""
        return self.content.decode("utf-8-sig", "replace")

    def rows(self, key: str) -> list[dict[str, Json]]:
        """Return the objects of an array in the body.

        Args:
            key: Name of the array's member, or several joined by dots.

        Returns:
            The objects; none if there is no such array.
        """
        found = self.member(key)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def member(self, path: str) -> Json:
        """Return a member of the body.

        Args:
            path: Its name, or several joined by dots.

        Returns:
            The value; None if it is missing.
        """
        found = self.body
        for name in path.split("."):
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found


_METHOD = re.compile("[A-Z]{3,7}")
_MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_CHARSET = re.compile(r"charset=\"?([a-z0-9-]+)\"?")
_ENCODINGS = frozenset({"gzip", "br", "deflate", "zstd", "identity"})
_SCHEMES = frozenset({"Bearer", "Basic", "AnaplanAuthToken", "AnaplanApiKey", "CACertificate"})
_OTHER = "another value"


def header_facts(reply: Reply) -> dict[str, str]:
    """Return the headers that a client may depend on, in terms that identify no tenant.

    Args:
        reply: The reply.

    Returns:
        What is compared of each header.
    """
    facts: dict[str, str] = {}
    for name, value in reply.headers.items():
        match name:
            case "content-type":
                facts[name] = _media_type(value.lower())
            case "allow":
                facts[name] = ", ".join(sorted(_METHOD.findall(value)))
            case "retry-after":
                facts[name] = "seconds" if value.isdecimal() else "a date"
            case "content-encoding":
                facts[name] = value.lower() if value.lower() in _ENCODINGS else _OTHER
            case "location":
                facts[name] = "a full URL" if "://" in value else "a path"
            case "www-authenticate":
                scheme = value.partition(" ")[0]
                facts[name] = scheme if scheme in _SCHEMES else _OTHER
            case "content-disposition":
                facts[name] = "with a file name" if "filename" in value else "without a file name"
            case "etag" | "last-modified" | "content-language":
                facts[name] = "present"
            case _:
                pass
    return facts


def _media_type(value: str) -> str:
    media = _MEDIA.match(value)
    charset = _CHARSET.search(value)
    return (media[0] if media else _OTHER) + (f"; charset={charset[1]}" if charset else "")
