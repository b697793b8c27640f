"""The request that writes cells, and its answer (facts 4.8)."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, StrictBool, StrictStr, TypeAdapter
from pydantic import ValidationError as Invalid

from anaplan_emulator.calls import Call
from anaplan_emulator.engine.cell_write import CellWrite, Place, WriteFailure
from anaplan_emulator.replies import ApiError

# Written as numbers they are understood all the same.
Id = str | int


# There are up to 100,000 in a request: models would take twice as long.
@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """A place on one dimension."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    dimensionId: Id | None = None  # noqa: N815 (the API's own spelling)
    dimensionName: str | None = None  # noqa: N815
    itemId: Id | None = None  # noqa: N815
    itemName: str | None = None  # noqa: N815
    itemCode: str | None = None  # noqa: N815

    def read(self) -> Place:
        """Make what the engine looks for."""
        return Place(
            _text(self.dimensionId),
            self.dimensionName,
            _text(self.itemId),
            self.itemName,
            self.itemCode,
        )


@dataclass(frozen=True, slots=True)
class CellRequest:
    """A cell and its new value."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    value: StrictStr | StrictBool | int | float
    lineItemId: Id | None = None  # noqa: N815
    lineItemName: str | None = None  # noqa: N815
    dimensions: list[PlaceRequest] = field(default_factory=list)

    def read(self) -> CellWrite:
        """Make what the engine writes."""
        return CellWrite(
            _text(self.lineItemId),
            self.lineItemName,
            tuple(place.read() for place in self.dimensions),
            self.value,
        )


_REQUESTS = TypeAdapter(list[CellRequest])


def requested_writes(call: Call) -> list[CellWrite]:
    """Read which cells are to be written.

    Raises:
        ApiError: 400, and 413 where the body is too large.
    """
    settings = call.world.settings
    if len(call.body) > settings.cell_write_bytes:
        raise ApiError(413, f"The body is larger than {settings.cell_write_bytes} bytes")
    try:
        requests = _REQUESTS.validate_json(call.body)
    except Invalid as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = "/".join(str(part) for part in first["loc"])
        raise ApiError(400, f"The body is no array of cells: {first['msg']} at /{at}") from error
    if len(requests) > settings.cell_write_limit:
        raise ApiError(400, f"More than {settings.cell_write_limit} cells")
    return [request.read() for request in requests]


def describe_failure(failure: WriteFailure) -> dict[str, Any]:
    """Describe why a cell wasn't written."""
    return {
        "requestIndex": failure.index,
        "failureType": failure.kind,
        "failureMessageDetails": failure.details,
    }


def _text(given: Id | None) -> str | None:
    return None if given is None else str(given)
