"""Lines of text, read piece by piece."""

from __future__ import annotations

import codecs
from collections.abc import Iterator


class LineReader:
    """Reads lines of UTF-8 from pieces that may end anywhere, and skips empty lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest: list[str] = []

    def feed(self, piece: bytes) -> Iterator[str]:
        """Add a piece and yield the lines that are complete."""
        first, *others = self._decoder.decode(piece).split("\n")
        self._rest.append(first)
        for following in others:
            line = "".join(self._rest).rstrip("\r")
            self._rest = [following]
            if line:
                yield line

    def finish(self) -> Iterator[str]:
        """Yield the last line if it has no line end."""
        line = "".join(self._rest) + self._decoder.decode(b"", final=True)
        self._rest = []
        if line := line.rstrip("\r"):
            yield line
