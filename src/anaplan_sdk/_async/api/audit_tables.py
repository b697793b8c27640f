"""Audit events as tables."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from anaplan_sdk._async.api.audit_events import EVENTS, Events, Moment, Window
from anaplan_sdk._async.transfer.table_stream import AsyncTableStream
from anaplan_sdk._formats.tables.arrow_types import RecordBatch
from anaplan_sdk._formats.tables.event_rows import EventRows
from anaplan_sdk._formats.tables.installed_library import arrow_library
from anaplan_sdk._ranges import AT_LEAST_ONE
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.models import EventFamily


class EventTables(Events):
    """Audit events of the last 30 days, also as tables; for users with the role Tenant Auditor."""

    async def events_table(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        hours: int | None = None,
        event_type: EventFamily | str = "all",
        batch_rows: int = 50_000,
    ) -> AsyncTableStream:
        """Read the events of a window as a table, in bounded memory.

        The columns are `id` (int64), `event_type_id`, `event_date` (a timestamp in UTC with
        milliseconds), `user_id`, `tenant_id`, `object_id`, `object_type_id`, `object_tenant_id`,
        `message`, `success` (bool), `error_number`, `ip_address`, `user_agent`, `session_id`,
        `host_name`, `service_version`, `event_time_zone`, `created_date` (like `event_date`),
        `created_time_zone`, `checksum` and `additional_attributes` (a JSON object); those without a
        type here are text.

        The end of the window is fixed before the first page is read, so events that happen in the
        meantime don't shift the pages. Pages are read as the table is.

        Args:
            start: Start of the window: a `datetime` with a time zone, or milliseconds since 1970;
                None (the default) is 30 days before its end.
            end: End of the window, likewise; None (the default) is now, by Anaplan's clock.
            hours: Length of the window, 1 to 720, instead of `start`.
            event_type: Family of events, `"all"` by default. Anaplan treats an unknown one as
                `"all"`.
            batch_rows: The most rows of a record batch, at least 1.

        Returns:
            The table as it arrives, with each of the events once. It can be read once.

        Raises:
            InvalidArgumentException: The window is longer than 30 days or ends before it starts;
                `start` and `hours` were both given; a `datetime` has no time zone; or `batch_rows`
                is below 1.
            ArgumentTypeException: `start` or `end` is neither a `datetime` nor an `int`.
            ImportError: The extra `tables` is not installed.
            PermissionDeniedException: The user does not have the role Tenant Auditor.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Audit API guide, "Retrieve Audit Events in JSON Format".
        """
        AT_LEAST_ONE.check("batch_rows", batch_rows, int)
        library = arrow_library()
        rows = EventRows(library, batch_rows)
        window = await self._window((start, end, hours, event_type))
        batches = self._event_batches(rows, window)
        return AsyncTableStream(library, library.schema(rows.fields), batches)

    async def _event_batches(self, rows: EventRows, window: Window) -> AsyncGenerator[RecordBatch]:
        pages = self._pages(EVENTS, window)
        async with aclosing(pages):
            async for page in pages:
                for batch in await runtime.run_in_thread(list, rows.feed(page)):
                    yield batch
        for batch in await runtime.run_in_thread(list, rows.finish()):
            yield batch
