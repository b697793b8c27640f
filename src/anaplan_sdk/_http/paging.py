"""The arithmetic of Anaplan's pages (`meta.paging`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from anaplan_sdk.exceptions import ReplyTooLargeException

T = TypeVar("T")


def further_offsets(received: int, total: int) -> range:
    """Return the offsets of the pages after the first one.

    The server may send smaller pages than requested, so the size of the first one is used. A `next`
    link does not prove that there are more pages: complete replies were seen to have one.

    Args:
        received: How many objects the first page has.
        total: How many objects the whole listing has; it may be less than was received.

    Returns:
        The offsets.
    """
    return range(received, total, received) if received else range(0)


def bounded(pages: Iterable[T], limit: int) -> Iterator[T]:
    """Yield what identifies the pages of a listing, as long as there are not too many.

    Args:
        pages: Numbers or offsets of pages. Of a range the length is known in advance.
        limit: The number of pages that the listing may have.

    Raises:
        ReplyTooLargeException: There are more.
    """
    known = _length(pages)
    for number, page in enumerate(pages):
        if max(number, known) >= limit:
            raise ReplyTooLargeException(
                f"The listing has more than {limit:,} pages, the limit that reply_limits= sets. "
                "A larger page_size makes fewer pages."
            )
        yield page


def _length(pages: Iterable[object]) -> int:
    """Return the length of a range; 0 for an empty one and for anything else."""
    if not isinstance(pages, range) or not pages:
        return 0
    # From 2 ** 63 on, len() of a range is an OverflowError.
    return (pages[-1] - pages[0]) // pages.step + 1
