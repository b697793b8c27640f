"""Gzip as Anaplan takes it, each chunk compressed on its own; and as replies may come."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import TypeAlias, cast

# isal's level 1 and its default 2 compress CSV twenty times faster than zlib's default and
# reach 91 % of its ratio; zlib's level 1 is the nearest where isal has no wheel.
LEVEL = 1
# isal has no others.
MAX_LEVEL = 3

# What tells zlib that there is gzip around it.
_WITH_HEADER = zlib.MAX_WBITS | 16

Codec: TypeAlias = tuple[Callable[..., bytes], Callable[[bytes], bytes]]


@cache
def _find_codec() -> Codec:
    try:
        from isal import igzip
    except ImportError:
        import gzip

        return gzip.compress, gzip.decompress
    # isal leaves parameters untyped.
    return cast("Codec", (igzip.compress, igzip.decompress))  # pyright: ignore[reportUnknownMemberType]


def compress(chunk: bytes | memoryview, level: int = LEVEL) -> bytes:
    """One chunk as a gzip member without a timestamp, so that equal chunks stay equal."""
    return _find_codec()[0](chunk, level, mtime=0)


def decompress(packed: bytes) -> bytes:
    """What gzip members hold.

    Raises:
        ValueError: They are no gzip, or broken, or end too early.
    """
    try:
        return _find_codec()[1](packed)
    except Exception as error:  # Each of the codecs has kinds of its own for what is broken.
        raise ValueError(f"no gzip: {error}") from error


class Unpacker:
    """Unpacks gzip members that come piece by piece."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_WITH_HEADER)
        self._is_begun = False

    def feed(self, packed: bytes) -> bytes:
        """What the next piece holds.

        Raises:
            ValueError: It is no gzip, or broken.
        """
        content: list[bytes] = []
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(_WITH_HEADER)
            try:
                content.append(self._member.decompress(packed))
            except zlib.error as error:
                raise ValueError(f"no gzip: {error}") from error
            self._is_begun = True
            packed = self._member.unused_data
        return b"".join(content)

    def finish(self) -> None:
        """Told when there are no more pieces.

        Raises:
            ValueError: They end too early.
        """
        if self._is_begun and not self._member.eof:
            raise ValueError("no gzip: it ends too early")
