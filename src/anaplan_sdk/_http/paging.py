"""The arithmetic of Anaplan's pages (`meta.paging`)."""

from __future__ import annotations

from collections.abc import Iterator


def further_offsets(received: int, total: int | None) -> Iterator[int]:
    """Offsets of the pages after the first one.

    The server may send fewer items a page than were asked for, so its first page is the measure.
    A `next` link is no sign of more: replies that held everything were seen to carry one.

    Args:
        received: How many items the first page held.
        total: The size of the whole listing; `None` when the reply has no paging.

    Raises:
        ValueError: The server counts more items than it sent, yet sent none.
    """
    if total is None or total <= received:
        return iter(())
    if received == 0:
        raise ValueError(f"a page without items, although the listing counts {total}")
    return iter(range(received, total, received))
