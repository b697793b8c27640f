"""Users in and out as CSV, many at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx2

from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transfer.batch_write import Target, Writing
from anaplan_sdk._formats.json_batches import Batch
from anaplan_sdk._formats.user_csv import (
    UserInput,
    read_users,
    to_csv,
    user_batches,
    without_header,
)
from anaplan_sdk._http.replies import unreadable
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import PermissionDeniedException, ServerException
from anaplan_sdk.models.administration import UserImportResult, UserRow


class _UserImport(Writing[UserImportResult]):
    """An import of any number of users, file by file."""

    async def _deliver(self, batch: Batch) -> httpx2.Response:
        try:
            return await self._session.send(
                self._target.method,
                self._target.url,
                repeat=Repeat.NOT_AFTER_500,
                files={"file": ("users.csv", to_csv(batch), "text/csv")},
            )
        except ServerException as error:
            if error.status_code != 500:
                raise
            raise _explained(error) from error


class Administration(ApiNamespace):
    """The tenant's users and their licences. All of it is for tenant administrators.

    Of Anaplan's schemes it takes only `AnaplanAuthToken`, which every way to sign in of this SDK
    uses; API keys aren't taken.
    """

    async def import_users(
        self, users: UserInput, *, raise_on_failure: bool = False
    ) -> UserImportResult:
        """Creates users, and changes those who are there already, by `username`.

        The users are checked before the first is sent: no cell may be empty, and no user come
        twice. Anaplan takes 500 at a time; more are sent as several imports, one after the other.
        It takes or refuses each row by itself. To send the same rows again does no harm.

        Args:
            users: The users, as `models.UserRow` or dicts; or a CSV with the columns `username`,
                `first_name`, `last_name` and `licenses`, as its content or a `Path`.
            raise_on_failure: Raises if Anaplan has refused rows.

        Returns:
            How many users came and changed, and which rows were refused, and why.

        Raises:
            ValueError: The users aren't as Anaplan takes them; it names the first by its position,
                from 0.
            PartialFailureException: Rows were refused, and `raise_on_failure` is set.
            PermissionDeniedException: This user is no tenant administrator.
            WriteInterruptedException: One of several imports failed.
        """
        batches = await runtime.run_in_thread(user_batches, users)
        target = Target("PUT", f"{self._root}/import")
        writing = _UserImport(self._session, target, UserImportResult)
        return await writing.run(iter(batches), raise_on_failure=raise_on_failure)

    async def export_users(self, *, page_size: int = 1000) -> AsyncGenerator[UserRow]:
        """The tenant's users, page by page.

        Args:
            page_size: How many users to ask for at a time.

        Raises:
            PermissionDeniedException: This user is no tenant administrator.
        """
        async with aclosing(self._pages(page_size)) as pages:
            async for _, rows in pages:
                for row in rows:
                    yield row

    async def export_users_csv(self, *, page_size: int = 1000) -> bytes:
        """The same as one CSV, as Anaplan writes it. Arguments and errors as `export_users`."""
        content = b""
        async with aclosing(self._pages(page_size)) as pages:
            async for page, _ in pages:
                if content and not content.endswith(b"\n"):
                    content += b"\r\n"
                content += without_header(page) if content else page
        return content

    async def _pages(self, size: int) -> AsyncGenerator[tuple[bytes, list[UserRow]]]:
        """Pages as CSV and as rows. The first is measured: the server's pages may be smaller."""
        if size < 1:
            raise ValueError(f"page_size must be at least 1, not {size}.")
        seen: set[str] = set()
        first_size = 0
        while True:
            content, rows = await self._page(size, len(seen))
            known = len(seen)
            seen.update(row.username for row in rows)
            if known and len(seen) == known:
                return  # Nothing new: the end, or a server that gives the same again.
            yield content, rows
            first_size = first_size or len(rows)
            if not rows or len(rows) < first_size:
                return

    async def _page(self, limit: int, offset: int) -> tuple[bytes, list[UserRow]]:
        # The default size is told in two ways, so that both are always said.
        params = {"Limit": limit, "Offset": offset}
        try:
            response = await self._session.send(
                "GET", f"{self._root}/export", repeat=Repeat.NOT_AFTER_500, params=params
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
    # Anaplan's way to say it, other than its documentation has it.
    return PermissionDeniedException(
        "Users are imported and exported by tenant administrators only; Anaplan answers others "
        "with 500, as it did here.",
        method=error.method,
        url=error.url,
        status_code=error.status_code,
        code=error.code,
        reason=error.reason,
        request_id=error.request_id,
        attempts=error.attempts,
    )
