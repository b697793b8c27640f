"""The base class of all API namespaces, and what their methods have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast
from urllib.parse import quote

import httpx2

from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.transport.recovery import Recovery
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._http.paging import bounded, further_offsets
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import (
    ArgumentTypeException,
    InvalidArgumentException,
    InvalidIdentifierException,
)
from anaplan_sdk.models._envelopes import ListReply, ObjectReply

if TYPE_CHECKING:
    from anaplan_sdk.models import NamedObject
    from anaplan_sdk.models._base import AnaplanModel
    from anaplan_sdk.models._decoding import Page

T = TypeVar("T")
R = TypeVar("R", bound="ApiNamespace")
M = TypeVar("M", bound="AnaplanModel")

_ID_AND_NAME = {"id": "id", "name": "name"}


class SharedState:
    """What the namespaces of a client, and of those created from it by `with_model`, share.

    Attributes:
        names: The listings that the resolver keeps, by the kind of object and its model or
            workspace.
        action_kinds: The kinds of actions whose ids do not show them, by model and id.

    Args:
        recovery: Starts things at most once.
    """

    def __init__(self, recovery: Recovery) -> None:
        self.recovery = recovery
        self.names: dict[tuple[str, str], tuple[NamedObject, ...]] = {}
        self.action_kinds: dict[tuple[str, str], str] = {}


class ApiNamespace:
    """A group of methods of a client. All namespaces of a client share its session.

    Args:
        session: Session of the client.
        config: Options of the client, with the model and the workspace that methods work on.
        shared: What the namespaces of a client share; created if it is not given.
    """

    def __init__(
        self, session: Session, config: ClientConfig, shared: SharedState | None = None
    ) -> None:
        self._session = session
        self._config = config
        self._shared = shared or SharedState(
            Recovery(
                session.server_time, config.retry_count, config.settle_time, config.strict_starts
            )
        )

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeException(
            f"{type(self).__name__} has connections and locks, so it can't be copied, pickled or "
            "passed to another process: make a client in each process (for example with "
            "from_config, whose ClientConfig can be passed), and use with_model for another model."
        )

    def _namespace(self, kind: type[R]) -> R:
        """Return another namespace of the same client."""
        return kind(self._session, self._config, self._shared)

    @property
    def _recovery(self) -> Recovery:
        return self._shared.recovery

    @property
    def _model_id(self) -> str | None:
        return self._config.model_id

    @property
    def _max_pages(self) -> int:
        return self._config.reply_limits.max_pages

    @property
    def _workspace_id(self) -> str | None:
        return self._config.workspace_id

    @property
    def _base(self) -> str:
        return f"{self._session.hosts.api}/2/0"

    @property
    def _model(self) -> str:
        if not self._model_id:
            raise InvalidArgumentException(
                "This method needs a model: pass model_id to the client, or use "
                "client.with_model(...)."
            )
        return f"{self._base}/models/{path_segment(self._model_id)}"

    @property
    def _workspace(self) -> str:
        if not self._workspace_id:
            raise InvalidArgumentException(
                "This method needs a workspace: pass workspace_id to the client, or use "
                "client.with_model(workspace_id=...)."
            )
        return f"{self._base}/workspaces/{path_segment(self._workspace_id)}"

    @property
    def _workspace_model(self) -> str:
        """The model's path below its workspace, if known: some calls are documented only there."""
        if not self._workspace_id or not self._model_id:
            return self._model
        return f"{self._workspace}/models/{path_segment(self._model_id)}"

    async def _get(self, reply: ObjectReply[T], url: str, **params: str) -> T:
        response = await self._session.send("GET", url, params=params)
        return decode(reply.adapter, response).value

    async def _delete(self, url: str) -> None:
        """Delete a resource. One that a retry no longer finds was deleted by the first attempt."""
        try:
            await self._session.send("DELETE", url)
        except InvalidIdentifierException as error:
            if error.attempts == 1:
                raise

    async def _list_at_once(self, listing: ListReply[T], url: str, **params: str) -> list[T]:
        """Return a listing that is documented as unpaged; further pages are read if there are."""
        response = await self._session.send("GET", url, params=params)
        page = decode(listing.adapter, response)
        items = page.items
        for _ in bounded(count(), self._max_pages):
            if not page.items or len(items) >= (page.total or 0):
                break
            query: dict[str, str | int] = {**params, "limit": len(page.items), "offset": len(items)}
            response = await self._session.send("GET", url, params=query)
            page = decode(listing.adapter, response)
            items = items + page.items
        return items

    async def _list(
        self, listing: ListReply[T], url: str, retry: Retry | None = None, /, **params: str
    ) -> list[T]:
        """Return all pages of a listing; those after the first are requested concurrently."""

        async def fetch(offset: int, limit: int) -> tuple[Page[T], httpx2.Response]:
            query: dict[str, str | int] = {**params, "limit": limit, "offset": offset}
            response = await self._session.send("GET", url, retry=retry, params=query)
            return decode(listing.adapter, response), response

        async def fetch_span(start: int) -> list[T]:
            items: list[T] = []
            end = min(start + size, page.total or 0)
            while (left := end - start - len(items)) > 0:
                # One request is enough, unless the server returns a smaller page than the first.
                piece, _ = await fetch(start + len(items), left)
                if not piece.items:
                    break  # The listing has become shorter since the first page.
                items += piece.items[:left]
            return items

        page, response = await fetch(0, self._config.page_size)
        size = len(page.items)
        try:
            starts = bounded(further_offsets(size, page.total), self._max_pages)
        except ValueError as problem:
            raise unreadable(response, str(problem)) from None
        items = page.items
        spans = runtime.ordered_map(fetch_span, starts, self._config.max_concurrency)
        async with aclosing(spans):
            async for span in spans:
                items += span
        return items


def path_segment(value: object) -> str:
    """Quote an id or a name as one segment of a path.

    Args:
        value: The id or name.

    Returns:
        The segment.

    Raises:
        InvalidArgumentException: It is empty, consists of dots, or is a number that is not an
            integer.
        ArgumentTypeException: It is neither text nor a number.
    """
    return quote(identifier(value), safe="")


def validated(
    model: type[M], value: object, read: Callable[[Mapping[str, object]], M] | None = None
) -> M:
    """Validate a dict that has Anaplan's field names or ours; a model is returned as it is.

    Args:
        model: Class of the model.
        value: The model or the dict.
        read: Makes the model of a dict; by default the class validates it.

    Returns:
        The model.

    Raises:
        InvalidArgumentException: A field is missing or not valid. The message names the fields but
            no values, which may be secrets.
    """
    from pydantic import ValidationError

    if isinstance(value, model):
        return value
    try:
        return (read or model.model_validate)(cast("Mapping[str, object]", value))
    except ValidationError as error:
        problems = [
            f"{place}: {text}" if place else text
            for place, text in (
                (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
                for one in error.errors(include_url=False, include_input=False)
            )
        ]
    # Raised outside of the except clause: the context of the error would contain the value.
    raise InvalidArgumentException(f"{model.__name__}: {'; '.join(problems)}")


def json_body(
    model: type[M], value: object, read: Callable[[Mapping[str, object]], M] | None = None
) -> dict[str, object]:
    """Make the JSON body of a request from a model, or from a dict that is validated.

    Args:
        model: Class of the model.
        value: The model, or a dict that has Anaplan's field names or ours.
        read: Makes the model of a dict; by default the class validates it.

    Returns:
        The body, without fields that are None.
    """
    return validated(model, value, read).model_dump(mode="json", by_alias=True, exclude_none=True)


def sort_params(
    sort_by: str | None,
    descending: bool,
    fields: Mapping[str, str] = MappingProxyType(_ID_AND_NAME),
) -> dict[str, str]:
    """Make the query parameter `sort`; some listings of Anaplan require its sign.

    Args:
        sort_by: Field to sort by, if any.
        descending: Whether to sort in descending order.
        fields: Anaplan's names of the fields that the listing can be sorted by.

    Returns:
        The parameter; empty if `sort_by` is None.

    Raises:
        InvalidArgumentException: The listing can't be sorted by this field.
    """
    if sort_by is None:
        return {}
    if sort_by not in fields:
        raise InvalidArgumentException(
            f"sort_by must be one of {', '.join(fields)}, not {sort_by!r}."
        )
    return {"sort": f"{'-' if descending else '+'}{fields[sort_by]}"}
