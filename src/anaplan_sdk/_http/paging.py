"""The arithmetic of Anaplan's pages (`meta.paging`)."""

from __future__ import annotations


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
