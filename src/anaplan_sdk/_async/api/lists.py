"""Lists: what they are, their items, and changing these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, overload

from anaplan_sdk import _loggers
from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
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
from anaplan_sdk.models._envelopes import Listing, RawListing, Single
from anaplan_sdk.models._item_comparison import items_present

_LISTS = Listing("lists", List)
_LIST = Single[ListMetadata]("metadata", ListMetadata)
_ITEMS = Listing("listItems", ListItem)
_RAW_ITEMS = RawListing("listItems")
_TOO_MANY = "tr.read_list or tr.read_list_pages"

# Deleting is the only change whose result doesn't depend on the items' order.
_DELETIONS_AT_A_TIME = 4

# A list may be large, so it is read at longer intervals than a task.
_POLL_DELAY = 4.0


class _Insertion(BatchWrite[InsertionResult]):
    """An insertion. After a request without a clear answer the list shows what it has done."""

    def __init__(
        self,
        session: Session,
        endpoint: WriteEndpoint,
        read_list: runtime.Poll[list[dict[str, object]]],
        settle_time: float,
    ) -> None:
        super().__init__(session, endpoint, InsertionResult)
        self._read_list = read_list
        self._settle_time = settle_time

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
        what = f"{len(batch.items):,} items of a list"
        result = await start_at_most_once(
            send, recover, what=what, verb="inserted", attempts=attempts
        )
        # A second request is refused the items that the first one, which arrived late, has added.
        if sent > 1 and result.failures and await self._is_there(batch):
            return self._inserted(batch)
        return result

    @staticmethod
    def _inserted(batch: Batch) -> InsertionResult:
        _loggers.tasks.warning(
            "%d items were added to a list, although the request got no clear answer",
            len(batch.items),
        )
        return InsertionResult(added=len(batch.items), total=len(batch.items))

    async def _is_there(self, batch: Batch) -> bool | None:
        """Whether the list has all items; False if it has none, `None` if that is unknown."""
        items = [NewListItem.model_validate(item) for item in batch.items]

        async def poll() -> list[bool | None]:
            return [items_present(items, await self._read_list())]

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
    """Lists and their items."""

    async def get_lists(
        self, sort_by: Literal["id", "name"] | None = None, descending: bool = False
    ) -> list[List]:
        """Lists the model's lists.

        Args:
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        return await self._list(_LISTS, f"{self._model}/lists", **sorting(sort_by, descending))

    async def get_list_metadata(self, list_id: int | str) -> ListMetadata:
        """A list's definition: its properties, parent, subsets and counts."""
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
        """All items of a list with their properties and subsets, a million at the most.

        Args:
            list_id: The list.
            return_raw: Gives the items as Anaplan tells them, which takes less time.

        Raises:
            AnaplanRequestException: The list has too many items; `read_list` reads any number.
        """
        url = f"{self._list_url(list_id)}/items"
        with suggest_unlimited(_TOO_MANY):
            if return_raw:
                return await self._list_at_once(_RAW_ITEMS, url, includeAll="true")
            return await self._list_at_once(_ITEMS, url, includeAll="true")

    async def get_list_items_csv(self, list_id: int | str) -> bytes:
        """All items of a list with their properties and subsets as CSV, a million at the most."""
        with suggest_unlimited(_TOO_MANY):
            response = await self._session.send(
                "GET",
                f"{self._list_url(list_id)}/items",
                params={"includeAll": "true"},
                headers={"Accept": "text/csv"},
            )
        return response.content

    async def get_list_preview(self, list_id: int | str) -> bytes:
        """The first items of a list as CSV, a thousand at the most."""
        url = f"{self._workspace_model}/lists/{segment(list_id)}/preview"
        response = await self._session.send("GET", url, headers={"Accept": "text/csv"})
        return response.content

    async def insert_list_items(
        self,
        list_id: int | str,
        items: Iterable[NewListItem | Mapping[str, object]],
        *,
        batch_size: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> InsertionResult:
        """Adds items to a list.

        Any number of them is sent in as many requests as Anaplan's limits ask for, one after the
        other, since an item's parent may be in an earlier one.

        A request that gets no clear answer is not simply repeated: the list is looked at for the
        client's `settle_time`. If all of the request's items are there by then, just as they were
        to be added, they count as added; only if none is there are they sent again.

        Args:
            list_id: The list.
            items: Such as `{"name": "North", "code": "N1", "parent": "Europe", "properties":
                {"Owner": "Ann"}, "subsets": {"Active": True}}`; numbered lists take no name. An
                iterator is consumed as requests go out, so its items are checked request by
                request; a list is checked whole beforehand.
            batch_size: How many items a request has at the most.
            raise_on_failure: Raises an error when Anaplan refuses an item.

        Returns:
            How many were added, and which were refused and why; indexes are those of `items`.

        Raises:
            ValueError: An item isn't one, or is too large.
            PartialFailureException: Items were refused, and `raise_on_failure` is set.
            WriteInterruptedException: A request failed after others had gone out, or without a
                clear answer and the list could not settle it; it tells what was done and what is
                in doubt.
            ModelUnavailableException: The model is deployed, and the list is no production data.
        """
        url = f"{self._list_url(list_id)}/items"
        endpoint = WriteEndpoint("POST", url, {"action": "add"}, is_idempotent=False)
        batches = Batcher(NewListItem, batch_size).batches(items)
        write = _Insertion(
            self._session,
            endpoint,
            lambda: self.get_list_items(list_id, return_raw=True),
            self._settings.settle_time,
        )
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def update_list_items(
        self,
        list_id: int | str,
        items: Iterable[ListItemUpdate | Mapping[str, object]],
        *,
        batch_size: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> ListUpdateResult:
        """Changes items of a list; what an item doesn't mention stays.

        Arguments, results and errors are those of `insert_list_items`. Items are found by `id`,
        `code` or `name`; one that has a code needs it in any case.
        """
        endpoint = WriteEndpoint("PUT", f"{self._list_url(list_id)}/items")
        batches = Batcher(ListItemUpdate, batch_size).batches(items)
        write = BatchWrite(self._session, endpoint, ListUpdateResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def delete_list_items(
        self,
        list_id: int | str,
        items: Iterable[ListItemKey | Mapping[str, object]],
        *,
        batch_size: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> ListDeletionResult:
        """Deletes items of a list, each named by `{"id": ...}` or `{"code": ...}`, not by both.

        Arguments, results and errors are those of `insert_list_items`; here the order makes no
        difference, so that several requests are under way at a time.
        """
        endpoint = WriteEndpoint(
            "POST",
            f"{self._list_url(list_id)}/items",
            {"action": "delete"},
            concurrency=min(_DELETIONS_AT_A_TIME, self._settings.max_concurrency),
        )
        batches = Batcher(ListItemKey, batch_size).batches(items)
        write = BatchWrite(self._session, endpoint, ListDeletionResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)

    async def reset_list_index(self, list_id: int | str) -> None:
        """Lets a numbered list, which must be empty, count from 1 again.

        Raises:
            AnaplanRequestException: The list has items, or the model is deployed and the list is
                no production data.
        """
        await self._session.send("POST", f"{self._list_url(list_id)}/resetIndex")

    def _list_url(self, list_id: int | str) -> str:
        return f"{self._model}/lists/{segment(list_id)}"
