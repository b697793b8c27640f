"""What an operation receives, chunk by chunk or page by page."""

from __future__ import annotations

from anaplan_sdk._telemetry import names
from anaplan_sdk._telemetry.metrics import count_bytes
from anaplan_sdk._telemetry.operation import Operation


class Received:
    """Counts the content that an operation receives.

    Args:
        span: The operation, which is described by it.

    Attributes:
        size: The bytes so far, uncompressed.
        count: The number of chunks or pages so far.
    """

    def __init__(self, span: Operation) -> None:
        self.size = self.count = 0
        self._span = span

    def add(self, content: bytes, index: int) -> None:
        """Count a chunk or page.

        Args:
            content: Its content.
            index: Its number at Anaplan.
        """
        count_bytes("download", len(content))
        self._span.event(names.CHUNK, {names.CHUNK_INDEX: index, names.CHUNK_SIZE: len(content)})
        self.size += len(content)
        self.count += 1
        self._span.set({names.SIZE: self.size, names.CHUNK_COUNT: self.count})
