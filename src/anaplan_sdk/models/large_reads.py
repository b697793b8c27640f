"""Models of the Integration API: large read requests."""

from __future__ import annotations

from pydantic import ConfigDict

from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models.tasks import TaskState


class ReadRequest(AnaplanModel):
    """A large read request for a view or a list, as Anaplan last reported it.

    Attributes:
        request_id: The id, 32 upper-case hexadecimal digits.
        request_state: The state, one of `TaskState` or one that is not known yet. A read that
            failed is `COMPLETE`, too.
        available_pages: The number of pages that can be fetched; it grows while the read runs.
        successful: Whether the read succeeded; meaningful only when the state is `COMPLETE`.
            None where Anaplan does not report it.

    Source: Anaplan Integration API V2 guide, "Retrieve status of large read request".
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    request_state: TaskState | str = "NOT_STARTED"
    available_pages: int = 0
    successful: bool | None = None
