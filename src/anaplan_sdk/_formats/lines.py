"""Text as lines, read piece by piece."""

from __future__ import annotations

import codecs
from collections.abc import Iterator


class LineReader:
    """Reads lines of UTF-8 from pieces that may end anywhere; empty lines are left out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest: list[str] = []

    def feed(self, piece: bytes) -> Iterator[str]:
        """Takes a piece in; the lines that are whole now."""
        first, *others = self._decoder.decode(piece).split("\n")
        self._rest.append(first)
        for following in others:
            line = "".join(self._rest).rstrip("\r")
            self._rest = [following]
            if line:
                yield line

    def finish(self) -> Iterator[str]:
        """The last line, when it has no line end."""
        line = "".join(self._rest) + self._decoder.decode(b"", final=True)
        self._rest = []
        if line := line.rstrip("\r"):
            yield line
