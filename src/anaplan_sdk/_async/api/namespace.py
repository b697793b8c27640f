"""What every room of a client knows: the session, the settings, the model it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

import httpx2

from anaplan_sdk._async.transport.recovery import Recovery
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.chunks import MAX_CHUNK_SIZE
from anaplan_sdk._formats.gzip import MAX_LEVEL
from anaplan_sdk._http.paging import further_offsets
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import InvalidIdentifierException
from anaplan_sdk.models._envelopes import Listing, Single

if TYPE_CHECKING:
    from anaplan_sdk.models._base import AnaplanModel, Page

T = TypeVar("T")
R = TypeVar("R", bound="ApiNamespace")
M = TypeVar("M", bound="AnaplanModel")

_ID_AND_NAME = {"id": "id", "name": "name"}


@dataclass(frozen=True)
class Settings:
    """A client's choices that are not about HTTP.

    Raises:
        ValueError: A number is out of its range.
    """

    page_size: int
    status_poll_delay: float
    upload_width: int
    upload_chunk_size: int
    upload_compression_level: int
    allow_file_creation: bool
    max_concurrency: int
    settle_time: float

    def __post_init__(self) -> None:
        if self.page_size < 1:
            raise ValueError(f"page_size must be at least 1, not {self.page_size}.")
        if self.status_poll_delay <= 0:
            raise ValueError(f"status_poll_delay must be positive, not {self.status_poll_delay}.")
        if not 1 <= self.upload_chunk_size <= MAX_CHUNK_SIZE:
            raise ValueError(
                f"upload_chunk_size must be 1 to {MAX_CHUNK_SIZE:,} bytes, Anaplan's limit, not "
                f"{self.upload_chunk_size}."
            )
        if not 0 <= self.upload_compression_level <= MAX_LEVEL:
            raise ValueError(
                f"upload_compression_level must be 0 to {MAX_LEVEL}, not "
                f"{self.upload_compression_level}."
            )
        if self.max_concurrency < 1:
            raise ValueError(f"max_concurrency must be at least 1, not {self.max_concurrency}.")
        if self.settle_time < 0:
            raise ValueError(f"settle_time can't be negative: {self.settle_time}.")


class ApiNamespace:
    """A part of the client. All parts of one client share these attributes."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        *,
        workspace_id: str | None,
        model_id: str | None,
        owns_session: bool,
        recovery: Recovery | None = None,
    ) -> None:
        self._session = session
        self._settings = settings
        self._workspace_id = workspace_id
        self._model_id = model_id
        self._owns_session = owns_session
        # Shared, so that starts of the same thing are known to each other.
        self._recovery = recovery or Recovery(
            session.server_time, session.policy.retry_count, settings.settle_time
        )
        self._known_files: set[str] = set()

    def _namespace(self, room: type[R]) -> R:
        """Another room of the same client."""
        return room(
            self._session,
            self._settings,
            workspace_id=self._workspace_id,
            model_id=self._model_id,
            owns_session=False,
            recovery=self._recovery,
        )

    @property
    def _base(self) -> str:
        return f"{self._session.hosts.api}/2/0"

    @property
    def _model(self) -> str:
        if not self._model_id:
            raise ValueError(
                "This needs a model: give the client a model_id, or take client.with_model(...)."
            )
        return f"{self._base}/models/{segment(self._model_id)}"

    @property
    def _workspace(self) -> str:
        if not self._workspace_id:
            raise ValueError(
                "This needs a workspace: give the client a workspace_id, or take "
                "client.with_model(workspace_id=...)."
            )
        return f"{self._base}/workspaces/{segment(self._workspace_id)}"

    @property
    def _workspace_model(self) -> str:
        """The model below its workspace, where that is known, as some paths are documented only."""
        if not self._workspace_id or not self._model_id:
            return self._model
        return f"{self._workspace}/models/{segment(self._model_id)}"

    async def _get(self, single: Single[T], url: str, **params: str) -> T:
        response = await self._session.send("GET", url, params=params)
        return decode(single.adapter, response).value

    async def _delete(self, url: str) -> None:
        """Deletes something; when it is gone by the second attempt, the first one did it."""
        try:
            await self._session.send("DELETE", url)
        except InvalidIdentifierException as error:
            if error.attempts == 1:
                raise

    async def _list_at_once(self, listing: Listing[T], url: str, **params: str) -> list[T]:
        """A listing that Anaplan gives whole; should it be paged even so, the other pages, too."""
        response = await self._session.send("GET", url, params=params)
        page = decode(listing.adapter, response)
        items = page.items
        while page.items and len(items) < (page.total or 0):
            query: dict[str, str | int] = {**params, "limit": len(page.items), "offset": len(items)}
            response = await self._session.send("GET", url, params=query)
            page = decode(listing.adapter, response)
            items = items + page.items
        return items

    async def _list(
        self, listing: Listing[T], url: str, retry: Retry | None = None, /, **params: str
    ) -> list[T]:
        """All pages; those after the first are fetched side by side."""

        async def fetch(offset: int, limit: int) -> tuple[Page[T], httpx2.Response]:
            query: dict[str, str | int] = {**params, "limit": limit, "offset": offset}
            response = await self._session.send("GET", url, retry=retry, params=query)
            return decode(listing.adapter, response), response

        async def fetch_span(start: int) -> list[T]:
            items: list[T] = []
            end = min(start + size, page.total or 0)
            while (left := end - start - len(items)) > 0:
                # One page, unless the server makes this one smaller than the first.
                piece, _ = await fetch(start + len(items), left)
                if not piece.items:
                    break  # The listing has become shorter meanwhile.
                items += piece.items[:left]
            return items

        page, response = await fetch(0, self._settings.page_size)
        size = len(page.items)
        try:
            starts = further_offsets(size, page.total)
        except ValueError as problem:
            raise unreadable(response, str(problem)) from None
        items = page.items
        spans = runtime.ordered_map(fetch_span, starts, self._settings.max_concurrency)
        async with aclosing(spans):
            async for span in spans:
                items += span
        return items


def segment(value: object) -> str:
    """An id or a name as one segment of a path.

    Raises:
        ValueError: It is empty.
    """
    text = quote(str(value), safe="")
    if not text.strip("."):
        raise ValueError(f"{value!r} is no id.")
    return text


def checked(
    model: type[M], value: object, read: Callable[[Mapping[str, object]], M] | None = None
) -> M:
    """A model, or what a dict says by Anaplan's names or ours.

    Args:
        model: What it has to be.
        value: The model or the dict.
        read: Makes the model of another value; by default it is validated as it is.

    Raises:
        ValueError: It lacks something, or has a value that can't be sent. The error tells the
            places but quotes nothing, since there may be secrets in it.
    """
    from pydantic import ValidationError

    if isinstance(value, model):
        return value
    try:
        return (read or model.model_validate)(cast("Mapping[str, object]", value))
    except ValidationError as error:
        told = [
            f"{place}: {text}" if place else text
            for place, text in (
                (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
                for one in error.errors(include_url=False, include_input=False)
            )
        ]
    # Not raised above: the error's context would quote the value.
    raise ValueError(f"{model.__name__}: {'; '.join(told)}")


def body_of(
    model: type[M], value: object, read: Callable[[Mapping[str, object]], M] | None = None
) -> dict[str, object]:
    """What is sent for a model or a dict, once it is `checked`."""
    return checked(model, value, read).model_dump(mode="json", by_alias=True, exclude_none=True)


def sorting(
    sort_by: str | None,
    descending: bool,
    fields: Mapping[str, str] = MappingProxyType(_ID_AND_NAME),
) -> dict[str, str]:
    """The `sort` parameter; its sign is mandatory for some of Anaplan's listings.

    Raises:
        ValueError: The listing can't be sorted by this field.
    """
    if sort_by is None:
        return {}
    if sort_by not in fields:
        raise ValueError(f"sort_by must be one of {', '.join(fields)}, not {sort_by!r}.")
    return {"sort": f"{'-' if descending else '+'}{fields[sort_by]}"}
