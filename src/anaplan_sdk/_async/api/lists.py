"""Lists: their definitions, and reading and changing their items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, overload

from anaplan_sdk import _loggers
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment, sort_params
from anaplan_sdk._async.transfer.batch_write import BatchWrite, WriteEndpoint
from anaplan_sdk._async.transport.polling import poll_until
from anaplan_sdk._async.transport.recovery import start_at_most_once
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.json_batches import MAX_ITEMS, Batch, Batcher
from anaplan_sdk._http.reply_limits import suggest_unlimited
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.models import (
    InsertionResult,
    List,
    ListDeletionResult,
    ListItem,
    ListItemKey,
    ListItemUpdate,
    ListMetadata,
    ListUpdateResult,
    NewListItem,
)
from anaplan_sdk.models._envelopes import ListReply, ObjectReply, RawListReply
from anaplan_sdk.models._item_comparison import were_added

_LISTS = ListReply("lists", List)
_LIST = ObjectReply[ListMetadata]("metadata", ListMetadata)
_ITEMS = ListReply("listItems", ListItem)
_RAW_ITEMS = RawListReply("listItems")
_METHODS_WITHOUT_LIMIT = "tr.read_list or tr.read_list_pages"

# Deletions are the only changes whose result does not depend on the order of the items, so they
# are the only ones that are sent in parallel.
_PARALLEL_DELETIONS = 4

# A list may be large, so it is read at longer intervals than a task.
_POLL_DELAY = 4.0


class _Insertion(BatchWrite[InsertionResult]):
    """An insertion that reads the list to learn the outcome of a request that got no reply.

    Args:
        session: Sends the requests.
        endpoint: Where the items are sent.
        read_list: Returns the items of the list.
        settle_time: Seconds to go on reading the list while it has none of the items.
        is_strict: Whether the list is not read, and the outcome always unknown.
    """

    def __init__(
        self,
        session: Session,
        endpoint: WriteEndpoint,
        read_list: runtime.Poll[list[dict[str, object]]],
        settle_time: float,
        is_strict: bool,
    ) -> None:
        super().__init__(session, endpoint, InsertionResult)
        self._read_list = read_list
        self._settle_time = settle_time
        self._is_strict = is_strict

    async def _write(self, batch: Batch) -> InsertionResult:
        sent = 0

        async def send() -> InsertionResult:
            nonlocal sent
            sent += 1
            return await super(_Insertion, self)._write(batch)

        async def recover(error: AnaplanException) -> InsertionResult | None:
            is_there = await self._is_there(batch)
            if is_there is None:
                raise error
            return self._inserted(batch) if is_there else None

        attempts = 1 + self._session.policy.retry_count
        what = f"{len(batch.items):,} items of {self._endpoint.url}"
        result = await start_at_most_once(
            send,
            None if self._is_strict else recover,
            what=what,
            verb="inserted",
            attempts=attempts,
        )
        # Of a second request Anaplan rejects the items that the first one has added meanwhile.
        if sent > 1 and result.failures and await self._is_there(batch):
            return self._inserted(batch)
        return result

    def _inserted(self, batch: Batch) -> InsertionResult:
        count = len(batch.items)
        _loggers.tasks.warning(
            "%d items of %s were inserted, although their request got no clear reply",
            count,
            self._endpoint.url,
        )
        return InsertionResult(added=count, total=count)

    async def _is_there(self, batch: Batch) -> bool | None:
        """Return whether all items are in the list or none of them; None if it cannot be known."""
        items = [NewListItem.model_validate(item) for item in batch.items]

        async def poll() -> list[bool | None]:
            return [were_added(items, await self._read_list())]

        try:
            [is_there] = await poll_until(
                poll,
                # The request may still be on its way through a gateway.
                lambda found: None if found == [False] else found,
                delay=_POLL_DELAY,
                deadline=Deadline.after(self._settle_time),
                on_timeout=lambda found: found,
                skip_failures=True,
            )
        except AnaplanException:
            return None
        return is_there


class Lists(ApiNamespace):
    """A model's lists and their items."""

    async def get_lists(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[List]:
        """List the model's lists. The user must be a workspace administrator.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The ids and names of the lists.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or the client has no
                model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        return await self._list(_LISTS, f"{self._model}/lists", **sort_params(sort_by, descending))

    async def get_list_metadata(self, list_id: int | str) -> ListMetadata:
        """Return the definition of a list. The user must be a workspace administrator.

        Args:
            list_id: The list (101…).

        Returns:
            The definition: properties, parent, subsets, numbers of items and indexes.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such list.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        return await self._get(_LIST, self._list_url(list_id))

    @overload
    async def get_list_items(
        self, list_id: int | str, return_raw: Literal[False] = False
    ) -> list[ListItem]: ...

    @overload
    async def get_list_items(
        self, list_id: int | str, return_raw: Literal[True]
    ) -> list[dict[str, object]]: ...

    @overload
    async def get_list_items(
        self, list_id: int | str, return_raw: bool
    ) -> list[ListItem] | list[dict[str, object]]: ...

    async def get_list_items(
        self, list_id: int | str, return_raw: bool = False
    ) -> list[ListItem] | list[dict[str, object]]:
        """Return all items of a list of at most 1,000,000 items, with properties and subsets.

        The user must be a workspace administrator.

        Args:
            list_id: The list (101…).
            return_raw: Whether to return the items as dicts with Anaplan's names, which takes less
                time, instead of models (default).

        Returns:
            The items.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such list.
            AnaplanRequestException: The list has more items: use `read_list`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve list data".
        """
        url = f"{self._list_url(list_id)}/items"
        with suggest_unlimited(_METHODS_WITHOUT_LIMIT):
            if return_raw:
                return await self._list_at_once(_RAW_ITEMS, url, includeAll="true")
            return await self._list_at_once(_ITEMS, url, includeAll="true")

    async def get_list_items_csv(self, list_id: int | str) -> bytes:
        """Return all items of a list of at most 1,000,000 items as CSV.

        The user must be a workspace administrator.

        Args:
            list_id: The list (101…).

        Returns:
            CSV with the columns id, name, code, parent, parentId, listId and listName, the subsets
            and the properties.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such list.
            AnaplanRequestException: The list has more items: use `read_list_pages`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve list data".
        """
        with suggest_unlimited(_METHODS_WITHOUT_LIMIT):
            response = await self._session.send(
                "GET",
                f"{self._list_url(list_id)}/items",
                params={"includeAll": "true"},
                headers={"Accept": "text/csv"},
            )
        return response.content

    async def get_list_preview(self, list_id: int | str) -> bytes:
        """Return the first items of a list, at most 1,000, as CSV.

        Args:
            list_id: The list (101…).

        Returns:
            CSV with the items' names, parents and codes.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such list.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        url = f"{self._workspace_model}/lists/{path_segment(list_id)}/preview"
        response = await self._session.send("GET", url, headers={"Accept": "text/csv"})
        return response.content

    async def insert_list_items(
        self,
        list_id: int | str,
        items: Iterable[NewListItem | Mapping[str, object]],
        *,
        items_per_request: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> InsertionResult:
        """Add items to a list. The user must be a workspace administrator.

        Any number of items is sent in as many requests as Anaplan's limits require (100,000 items
        or 15 MB each), one after the other, because the parent of an item may be in an earlier
        request.

        If the outcome of a request is unknown, for example after a lost connection, it is not
        simply repeated: the list is read for up to the client's `settle_time`. If it then has all
        items of the request, exactly as they were sent, they count as added; if it has none of
        them, the request is sent again.

        Args:
            list_id: The list (101…).
            items: The items, such as `{"name": "North", "code": "N1", "parent": "Europe",
                "properties": {"Owner": "Ann"}, "subsets": {"Active": True}}`; those of a numbered
                list have no name. All items of a sequence are validated before the first request;
                those of another iterable request by request.
            items_per_request: The most items in one request, 1 to 100,000 (the default).
            raise_on_failure: Whether to raise an error if Anaplan rejects an item; by default
                rejected items are only listed in the result.

        Returns:
            How many items were added, and which were rejected and why, by their indexes in `items`.

        Raises:
            ArgumentTypeException: `items` is a single item or a str.
            InvalidArgumentException: An item is invalid or too large for a request,
                `items_per_request` is out of range, or the client has no model.
            PartialFailureException: Items were rejected, and `raise_on_failure` is set; the error
                has the result.
            WriteInterruptedException: A request failed after others had been sent, or its outcome
                is unknown; the error has the result so far and the indexes whose outcome is
                unknown.
            ModelUnavailableException: The model is deployed, and the list is not production data.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        url = f"{self._list_url(list_id)}/items"
        endpoint = WriteEndpoint("POST", url, {"action": "add"}, is_idempotent=False)
        batches = Batcher(NewListItem, items_per_request).batches(items)
        write = _Insertion(
            self._session,
            endpoint,
            lambda: self.get_list_items(list_id, return_raw=True),
            self._config.settle_time,
            self._config.strict_starts,
        )
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def update_list_items(
        self,
        list_id: int | str,
        items: Iterable[ListItemUpdate | Mapping[str, object]],
        *,
        items_per_request: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> ListUpdateResult:
        """Change items of a list; properties and subsets that are not given keep their values.

        The user must be a workspace administrator. Any number of items is sent in as many requests
        as Anaplan's limits require (100,000 items or 15 MB each), one after the other.

        Args:
            list_id: The list (101…).
            items: The items, each identified by `id`, `code` or `name`, such as `{"code": "N1",
                "parent": "Asia", "properties": {"Owner": "Ann"}}`. Anaplan requires the code of an
                item that has one. All items of a sequence are validated before the first request;
                those of another iterable request by request.
            items_per_request: The most items in one request, 1 to 100,000 (the default).
            raise_on_failure: Whether to raise an error if Anaplan rejects an item; by default
                rejected items are only listed in the result.

        Returns:
            How many items were changed, and which were rejected and why, by their indexes in
            `items`.

        Raises:
            ArgumentTypeException: `items` is a single item or a str.
            InvalidArgumentException: An item is invalid or too large for a request,
                `items_per_request` is out of range, or the client has no model.
            PartialFailureException: Items were rejected, and `raise_on_failure` is set; the error
                has the result.
            WriteInterruptedException: A request failed after others had been sent; the error has
                the result so far and the indexes whose outcome is unknown.
            ModelUnavailableException: The model is deployed, and the list is not production data.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Update list items".
        """
        endpoint = WriteEndpoint("PUT", f"{self._list_url(list_id)}/items")
        batches = Batcher(ListItemUpdate, items_per_request).batches(items)
        write = BatchWrite(self._session, endpoint, ListUpdateResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def delete_list_items(
        self,
        list_id: int | str,
        items: Iterable[ListItemKey | Mapping[str, object]],
        *,
        items_per_request: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> ListDeletionResult:
        """Delete items of a list. The user must be a workspace administrator.

        Any number of items is sent in as many requests as Anaplan's limits require (100,000 items
        or 15 MB each), several at the same time.

        Args:
            list_id: The list (101…).
            items: The items, each identified by `{"id": ...}` or `{"code": ...}` but not both. All
                items of a sequence are validated before the first request; those of another
                iterable request by request.
            items_per_request: The most items in one request, 1 to 100,000 (the default).
            raise_on_failure: Whether to raise an error if Anaplan rejects an item; by default
                rejected items are only listed in the result.

        Returns:
            How many items were deleted, and which were rejected and why, by their indexes in
            `items`.

        Raises:
            ArgumentTypeException: `items` is a single item or a str.
            InvalidArgumentException: An item is invalid or too large for a request,
                `items_per_request` is out of range, or the client has no model.
            PartialFailureException: Items were rejected, and `raise_on_failure` is set; the error
                has the result.
            WriteInterruptedException: A request failed after others had been sent; the error has
                the result so far and the indexes whose outcome is unknown.
            ModelUnavailableException: The model is deployed, and the list is not production data.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        endpoint = WriteEndpoint(
            "POST",
            f"{self._list_url(list_id)}/items",
            {"action": "delete"},
            concurrency=min(_PARALLEL_DELETIONS, self._config.max_concurrency),
        )
        batches = Batcher(ListItemKey, items_per_request).batches(items)
        write = BatchWrite(self._session, endpoint, ListDeletionResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def reset_list_index(self, list_id: int | str) -> None:
        """Reset the index of an empty numbered list, so that its next item is number 1.

        The user must be a workspace administrator.

        Args:
            list_id: The list (101…).

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such list.
            AnaplanRequestException: The list has items, or the model is deployed and the list is
                not production data.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Model lists".
        """
        await self._session.send("POST", f"{self._list_url(list_id)}/resetIndex")

    def _list_url(self, list_id: int | str) -> str:
        return f"{self._model}/lists/{path_segment(list_id)}"
