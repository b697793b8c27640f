"""The job files of a table: their order, their columns, and their rows as record batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.destination.exceptions import DestinationTerminalException

_BATCH_ROWS = 50_000


class TableFiles:
    """The Parquet files that dlt has written for one table of a load.

    Args:
        table: The table's name.
        paths: The files.
        is_internal: Whether a column is dlt's own.
    """

    def __init__(
        self, table: str, paths: Sequence[str], is_internal: Callable[[str], bool]
    ) -> None:
        self._table = table
        # In the order in which dlt has completed them; names are random.
        self._paths = sorted(map(Path, paths), key=lambda path: (path.stat().st_mtime_ns, path))
        # A column that appears later is missing in the files before.
        schemas = [pq.read_schema(path) for path in self._paths]
        self._schema = pa.unify_schemas(schemas, promote_options="permissive")
        self._names = [name for name in self._schema.names if not is_internal(name)]

    @property
    def rows(self) -> int:
        """The number of rows of all files."""
        return sum(pq.read_metadata(path).num_rows for path in self._paths)

    def batches(
        self,
        header: Sequence[str],
        given: Mapping[str, str],
        normalize: Callable[[str], str],
    ) -> Iterator[pa.RecordBatch]:
        """Read the rows under the names of an import, in its order of columns.

        Args:
            header: The import's columns; none if they are not known.
            given: The import's name of some columns.
            normalize: dlt's normalization of names.

        Returns:
            The record batches, read as they are asked for.

        Raises:
            DestinationTerminalException: The names can't be matched.
        """
        names = self._header_names(header, given, normalize)
        place = {name: index for index, name in enumerate(header)}
        chosen = sorted(names, key=lambda name: place.get(names[name], len(place)))
        fields = [pa.field(names[name], self._schema.field(name).type) for name in chosen]
        return self._read(chosen, pa.schema(fields))

    def _read(self, columns: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pylist([], schema=schema)  # The columns, if there are no rows.
        for path in self._paths:
            with pq.ParquetFile(path) as file:
                present = set(file.schema_arrow.names)
                wanted = [name for name in columns if name in present]
                for batch in file.iter_batches(_BATCH_ROWS, columns=wanted):
                    arrays = [
                        batch.column(name).cast(field.type)
                        if name in present
                        else pa.nulls(batch.num_rows, field.type)
                        for name, field in zip(columns, schema, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _header_names(
        self, header: Sequence[str], given: Mapping[str, str], normalize: Callable[[str], str]
    ) -> dict[str, str]:
        """Return the import's name of each column."""
        known = {normalize(name): wanted for name, wanted in given.items()}
        if unknown := sorted(known.keys() - set(self._names)):
            raise DestinationTerminalException(
                f"column_names has {', '.join(unknown)}, which table {self._table} does not have. "
                f"It has {', '.join(self._names)}."
            )
        taken = set(known.values())
        names = dict(known)
        for name in self._names:
            if name not in names:
                free = [each for each in header if each not in taken]
                # The SDK names a column that the import does not have in its error.
                names[name] = self._match(name, free, normalize) or name
        return names

    def _match(
        self, name: str, header: Sequence[str], normalize: Callable[[str], str]
    ) -> str | None:
        for same in (str, normalize, _folded):
            found = [each for each in header if same(each) == same(name)]
            if len(found) > 1:
                raise DestinationTerminalException(
                    f"Column {name} of table {self._table} may be each of {', '.join(found)}: "
                    "name one of them in column_names."
                )
            if found:
                return found[0]
        return None


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
