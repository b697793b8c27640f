"""The request that writes cells, and its failures (docs/anaplan-behaviour.md#cell-writes)."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, StrictBool, StrictStr, TypeAdapter
from pydantic import ValidationError as Invalid

from anaplan_emulator.apis.calls import Call
from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.engine.cell_write import CellWrite, Coordinate, WriteFailure

# Numbers are accepted as well.
Id = str | int


# Dataclasses, as a request has up to 100,000 of these: pydantic models would take twice as long.
@dataclass(frozen=True, slots=True)
class CoordinateRequest:
    """A dimension and its item."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)

    dimensionId: Id | None = None  # noqa: N815 (the API's own spelling)
    dimensionName: str | None = None  # noqa: N815
    itemId: Id | None = None  # noqa: N815
    itemName: str | None = None  # noqa: N815
    itemCode: str | None = None  # noqa: N815

    def coordinate(self) -> Coordinate:
        """Return the coordinate for the engine."""
        return Coordinate(
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

    value: StrictStr | StrictBool | int | float | None = None
    lineItemId: Id | None = None  # noqa: N815
    lineItemName: str | None = None  # noqa: N815
    dimensions: list[CoordinateRequest] = field(default_factory=list)

    def cell_write(self) -> CellWrite:
        """Return the cell for the engine."""
        return CellWrite(
            _text(self.lineItemId),
            self.lineItemName,
            tuple(each.coordinate() for each in self.dimensions),
            self.value,
        )


_REQUESTS = TypeAdapter(list[CellRequest])


def requested_writes(call: Call) -> list[CellWrite]:
    """Return the cells to write.

    Raises:
        ApiError: 400, the body is not valid; 413, it is too large.
    """
    settings = call.tenant.settings
    if len(call.body) > settings.cell_write_bytes:
        raise ApiError(413, f"The body is larger than {settings.cell_write_bytes} bytes")
    try:
        requests = _REQUESTS.validate_json(call.body)
    except Invalid as error:
        first = error.errors(include_url=False, include_input=False)[0]
        location = "/".join(str(part) for part in first["loc"])
        raise ApiError(
            400, f"The body is not an array of cells: {first['msg']} at /{location}"
        ) from error
    if len(requests) > settings.cell_write_limit:
        raise ApiError(400, f"More than {settings.cell_write_limit} cells")
    return [request.cell_write() for request in requests]


def describe_failure(failure: WriteFailure) -> dict[str, Any]:
    """Return a failure as JSON values."""
    return {
        "requestIndex": failure.index,
        "failureType": failure.kind,
        "failureMessageDetails": failure.details,
    }


def _text(value: Id | None) -> str | None:
    return None if value is None else str(value)
