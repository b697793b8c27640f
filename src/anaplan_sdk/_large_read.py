"""A large read that was prepared, to be read by several workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from anaplan_sdk import models


@dataclass(frozen=True)
class LargeRead:
    """A view or list that Anaplan has prepared to be read, page by page.

    It can be pickled, and has no secrets. Anaplan deletes it when no page was read for 30 minutes.

    Attributes:
        kind: What is read.
        id: The id of the view or list.
        request_id: The id of the read request.
        page_count: The number of pages.
        header: The first line of the first page.
        dimensions: The names of a view's dimensions.
        formats: The names of a view's line items, and their formats.
        list_metadata: The definition of a list; None for a view.
    """

    kind: Literal["view", "list"]
    id: str
    request_id: str
    page_count: int
    header: bytes = field(repr=False)
    dimensions: tuple[str, ...] = field(default=(), repr=False)
    formats: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    list_metadata: models.ListMetadata | None = field(default=None, repr=False, compare=False)
