"""The Arrow PyCapsule interface, by which libraries exchange tables.

Source: Arrow specification, "The Arrow PyCapsule Interface".
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class ArrowSchema(Protocol):
    """A schema, a field or a data type of any Arrow library."""

    def __arrow_c_schema__(self) -> object:
        """Return a PyCapsule of an `ArrowSchema`."""
        ...


@runtime_checkable
class ArrowArray(Protocol):
    """A record batch of any Arrow library."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Return PyCapsules of an `ArrowSchema` and an `ArrowArray`."""
        ...


@runtime_checkable
class ArrowStream(Protocol):
    """A table of any library: a polars, pandas, duckdb, pyarrow or arro3 object."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a PyCapsule of an `ArrowArrayStream`."""
        ...


class BareStream:
    """A table with nothing but the interface for streams.

    pyarrow passes an argument that relations of duckdb 1.1 do not take, and polars 1.20 iterates
    over what can be iterated over, instead of reading its stream.

    Args:
        source: The table.
    """

    def __init__(self, source: ArrowStream) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a PyCapsule of an `ArrowArrayStream`."""
        return self._source.__arrow_c_stream__()
