"""Streams that other libraries read by their capsule, and whose release closes them."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Generator, Iterator

from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import RecordBatch
from anaplan_sdk._formats.tables.table import Conversions

_log = logging.getLogger("anaplan_sdk.tables")
# Seconds from the release of a stream to its end, at most.
_CHECK_INTERVAL = 0.05


def close_when_dropped(
    batches: Generator[RecordBatch], library: ArrowLibrary, close: Callable[[], object]
) -> None:
    """Have a function called when the Arrow library drops a generator, at its end or before.

    That happens when its stream is released: by the reader, or with the capsule if nobody reads it.
    No callback of the C stream itself is used, since the release may come while an exception is
    being raised, which a callback written in Python would clear.

    Args:
        batches: The generator, which nothing but the library will hold.
        library: The library.
        close: The function, which is called in any thread.
    """
    is_dropped = threading.Event()

    def on_drop() -> None:
        is_dropped.set()
        try:
            close()
        except Exception:  # noqa: BLE001 - nobody could catch it
            _log.warning("A table could not be closed", exc_info=True)

    def drop_when_released() -> None:
        while not is_dropped.wait(_CHECK_INTERVAL):
            library.drop_released()

    # When the interpreter ends, nothing needs to be closed.
    weakref.finalize(batches, on_drop).atexit = False
    if library.defers_drops:
        thread = threading.Thread(target=drop_when_released, name="anaplan-tables", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # The interpreter is ending, or there can be no more threads.
            _log.debug("There is no thread to close a table at its release")


class CapsuleStream(Conversions):
    """A stream of record batches that other libraries can read."""

    def __iter__(self) -> Iterator[RecordBatch]:
        """Iterate over the record batches; possible once."""
        raise NotImplementedError

    def close(self) -> None:
        """End the reading."""
        raise NotImplementedError

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the stream by the Arrow PyCapsule interface, which reads it.

        Args:
            requested_schema: Not used: readers convert types themselves.

        Returns:
            A PyCapsule of an `ArrowArrayStream`. Its release ends the reading.

        Raises:
            StreamConsumedException: The stream was read before.
        """
        batches = (batch for batch in self)
        close_when_dropped(batches, self._library, self.close)
        return self._library.stream(self.schema, batches).__arrow_c_stream__()
