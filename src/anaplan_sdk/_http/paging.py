"""The arithmetic of Anaplan's pages (`meta.paging`)."""

from __future__ import annotations

from collections.abc import Iterator


def further_offsets(received: int, total: int | None) -> Iterator[int]:
    """Return the offsets of the pages after the first one.

    The server may send smaller pages than requested, so the size of the first one is used. A `next`
    link does not prove that there are more pages: complete replies were seen to have one.

    Args:
        received: How many items the first page has.
        total: How many items the whole listing has; `None` if the reply has no paging.

    Raises:
        ValueError: The first page is empty, although the listing is not.
    """
    if total is None or total <= received:
        return iter(())
    if received == 0:
        raise ValueError(f"a page without items, although the listing has {total}")
    return iter(range(received, total, received))
