"""Importing and exporting the tenant's users as CSV."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import count

import httpx2

from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transfer.batch_write import BatchWrite, WriteEndpoint
from anaplan_sdk._formats.json_batches import Batch
from anaplan_sdk._formats.user_csv import (
    UserInput,
    read_users,
    to_csv,
    user_batches,
    without_header,
)
from anaplan_sdk._http.paging import bounded
from anaplan_sdk._http.replies import unreadable
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._ranges import AT_LEAST_ONE
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import PermissionDeniedException, ServerException
from anaplan_sdk.models.administration import UserImportResult, UserRow


class _UserImport(BatchWrite[UserImportResult]):
    """Imports any number of users, one file after another."""

    async def _request(self, batch: Batch) -> httpx2.Response:
        try:
            return await self._session.send(
                self._endpoint.method,
                self._endpoint.url,
                retry=Retry.NOT_AFTER_500,
                files={"file": ("users.csv", to_csv(batch), "text/csv")},
            )
        except ServerException as error:
            if error.status_code != 500:
                raise
            raise _explained(error) from error


class Administration(ApiNamespace):
    """The tenant's users and their licences.

    All methods need a tenant administrator, and a token sent by the scheme `AnaplanAuthToken`, as
    all ways to sign in of this SDK do. An API key can't be used.
    """

    async def import_users(
        self, users: UserInput, *, raise_on_failure: bool = False
    ) -> UserImportResult:
        """Add users to the tenant, and update those that exist already by `username`.

        All users are checked before the first is sent. Anaplan takes up to 500 with a request;
        more are sent by several requests, one after another. Anaplan accepts or rejects each row
        separately. Sending the same rows again does no harm.

        Args:
            users: The users, as `models.UserRow` or dicts; or CSV with the columns `username`,
                `first_name`, `last_name` and `licenses`, as its content or the `Path` of a file.
                No field may be empty, and no user may occur twice.
            raise_on_failure: Whether to raise an exception when Anaplan rejected rows. When False
                (default), check `failures` of the result.

        Returns:
            The numbers of users that were accepted, created and updated, and the rejected rows with
            their reasons.

        Raises:
            ArgumentTypeException: `users` is a single user.
            InvalidArgumentException: The users don't have this form; the message has the position
                of the first wrong one, counted from 0.
            PartialFailureException: Anaplan rejected rows, and `raise_on_failure` is True.
            PermissionDeniedException: The user is not a tenant administrator.
            WriteInterruptedException: One of several requests failed.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Import users".
        """
        batches = await runtime.run_in_thread(user_batches, users)
        endpoint = WriteEndpoint("PUT", f"{self._root}/import")
        write = _UserImport(self._session, endpoint, UserImportResult)
        return await write.run(iter(batches), raise_on_failure=raise_on_failure)

    async def export_users(self, *, page_size: int = 1000) -> AsyncGenerator[UserRow]:
        """Iterate over the tenant's users, reading a page at a time.

        Args:
            page_size: Number of users in a page, at least 1; 1,000 by default.

        Yields:
            Each user with the licences.

        Raises:
            InvalidArgumentException: `page_size` is out of its range.
            PermissionDeniedException: The user is not a tenant administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Export users".
        """
        async with aclosing(self._pages(page_size)) as pages:
            async for _, rows in pages:
                for row in rows:
                    yield row

    async def export_users_csv(self, *, page_size: int = 1000) -> bytes:
        """Download the tenant's users as one CSV file, in the form in which Anaplan writes them.

        Args:
            page_size: Number of users to read with a request, at least 1; 1,000 by default.

        Returns:
            CSV with the columns `username`, `first_name`, `last_name` and `licenses`.

        Raises:
            InvalidArgumentException: `page_size` is out of its range.
            PermissionDeniedException: The user is not a tenant administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Export users".
        """
        content = b""
        async with aclosing(self._pages(page_size)) as pages:
            async for page, _ in pages:
                if content and not content.endswith(b"\n"):
                    content += b"\r\n"
                content += without_header(page) if content else page
        return content

    async def _pages(self, size: int) -> AsyncGenerator[tuple[bytes, list[UserRow]]]:
        """Read pages, each as CSV and as rows.

        A page smaller than the first is the last. The size asked for is no measure of that, since
        the server may send smaller pages.
        """
        AT_LEAST_ONE.check("page_size", size, int)
        seen: set[str] = set()
        first_size = 0
        for _ in bounded(count(), self._max_pages):
            content, rows = await self._page(size, len(seen))
            known = len(seen)
            seen.update(row.username for row in rows)
            if known and len(seen) == known:
                return  # No new users: the end, or a server that ignores the offset.
            yield content, rows
            first_size = first_size or len(rows)
            if not rows or len(rows) < first_size:
                return

    async def _page(self, limit: int, offset: int) -> tuple[bytes, list[UserRow]]:
        # Anaplan documents two different default sizes, so both parameters are always sent.
        params = {"Limit": limit, "Offset": offset}
        try:
            response = await self._session.send(
                "GET", f"{self._root}/export", retry=Retry.NOT_AFTER_500, params=params
            )
        except ServerException as error:
            if error.status_code != 500:
                raise
            raise _explained(error) from error
        try:
            return response.content, read_users(response.content)
        except ValueError as problem:
            raise unreadable(response, str(problem)) from None

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.api}/admin/1/0/users"


def _explained(error: ServerException) -> PermissionDeniedException:
    # Anaplan documents 403 for this.
    return error.as_type(
        PermissionDeniedException,
        "Only tenant administrators can import and export users: Anaplan answers others with 500, "
        "as it did here.",
        retryable=False,
    )
