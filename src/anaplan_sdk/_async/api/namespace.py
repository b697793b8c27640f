"""The base class of all API namespaces, and what their methods have in common."""

from __future__ import annotations

# sync: from collections.abc import Callable, Mapping
from collections.abc import Awaitable, Callable, Mapping  # async-only
from contextlib import aclosing
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn, TypeAlias, TypeVar, cast
from urllib.parse import quote

from anaplan_sdk import _loggers
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.transport.recovery import Recovery
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._http.paging import bounded, further_offsets
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
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
# sync: Fetch: TypeAlias = "Callable[[int, int | None], Page[T]]"
Fetch: TypeAlias = "Callable[[int, int | None], Awaitable[Page[T]]]"  # async-only
"""Reads the page at an offset, of at most a number of objects; None lets Anaplan choose it."""
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of client {self._client_facts}>"

    @property
    def _client_facts(self) -> str:
        session = self._session
        return (
            f"{session.hosts.api} workspace_id={self._workspace_id!r} "
            f"model_id={self._model_id!r} auth={session.sign_in}"
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

    def _traced(self, attribute: str, value: int | str) -> names.Attributes:
        """Return what describes work on an object of the model in a trace."""
        return {names.MODEL_ID: self._model_id or "", attribute: str(value)}

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
        return await self._read_pages(self._fetcher(listing, url, None, params), None)

    async def _list(
        self, listing: ListReply[T], url: str, retry: Retry | None = None, /, **params: str
    ) -> list[T]:
        """Return all pages of a listing; those after the first are requested concurrently."""
        fetch = self._fetcher(listing, url, retry, params)
        return await self._read_pages(fetch, self._config.page_size)

    def _fetcher(
        self, listing: ListReply[T], url: str, retry: Retry | None, params: Mapping[str, str]
    ) -> Fetch[T]:
        async def fetch(offset: int, limit: int | None) -> Page[T]:
            paging = {} if limit is None else {"limit": limit, "offset": offset}
            response = await self._session.send(
                "GET", url, retry=retry, params={**params, **paging}
            )
            return decode(listing.adapter, response)

        return fetch

    async def _read_pages(self, fetch: Fetch[T], page_size: int | None) -> list[T]:
        """Return the objects of all pages; those after the first are requested concurrently.

        Args:
            fetch: Reads the page at an offset, of at most a number of objects.
            page_size: The size of the first page; None to let Anaplan choose it.
        """

        async def fetch_page(offset: int, limit: int | None) -> Page[T]:
            page = await fetch(offset, limit)
            if page.received or offset >= (page.total or 0):
                return page
            page = await fetch(offset, limit)
            if not page.received and offset < (total := page.total or 0):
                warn_of_early_end(total, offset)
            return page

        async def fetch_span(start: int) -> list[T]:
            items: list[T] = []
            end = min(start + size, total)
            while start < end:
                # One request is enough, unless the server returns a smaller page than the first.
                page = await fetch_page(start, end - start)
                if not page.received:
                    break
                items += page.items[: end - start]
                start += page.received
            return items

        first = await fetch_page(0, page_size)
        items, size, total = first.items, first.received, first.total or 0
        starts = bounded(further_offsets(size, total), self._max_pages)
        spans = runtime.ordered_map(fetch_span, starts, self._config.max_concurrency)
        async with aclosing(spans):
            async for span in spans:
                items += span
        return items


def warn_of_early_end(total: int, offset: int) -> None:
    """Log that a listing ends before Anaplan's total, which samples of its own show to be wrong.

    Args:
        total: How many objects Anaplan counts.
        offset: Where a page was empty, twice.
    """
    _loggers.http.warning(
        "Anaplan counts %s objects in a listing, but returned none from position %s on, when asked "
        "twice: the listing is taken to end there",
        total,
        offset,
    )


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
