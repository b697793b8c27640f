"""Tables on their way to a file: its format, its columns, and writing them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from anaplan_sdk import _telemetry, models
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.actions import Actions
from anaplan_sdk._async.api.files import Files
from anaplan_sdk._formats.tables.arguments import ColumnsArgument, TableLike, Timestamps
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import InvalidArgumentException, InvalidIdentifierException
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
    from anaplan_sdk._formats.tables.arrow_types import BatchStream
    from anaplan_sdk._formats.tables.file_format import FileFormat
    from anaplan_sdk._formats.tables.table_encoder import TableEncoder

# The upload keeps pieces of at least this part of a chunk as chunks of their own.
PIECES_PER_CHUNK = 4
_EXCEL = ("xls", "xlsx", "xlsm", "excel")

Sources = Mapping[str, "models.ImportSource | None"]
"""How each import reads a file, by what messages call the import."""


@dataclass(frozen=True)
class FileOfImport:
    """The file that an import reads.

    Attributes:
        action: The import.
        file_id: The file.
        sources: How the import reads it.
    """

    action: models.Import
    file_id: str
    sources: Sources


@dataclass(frozen=True)
class OpenedTable:
    """A table that was opened for a file.

    Attributes:
        library: The Arrow library.
        stream: The table.
        columns: The position of each column that is sent, and its name in the file.
        file_format: The format of the file.
    """

    library: ArrowLibrary
    stream: BatchStream
    columns: list[tuple[int, str]]
    file_format: FileFormat

    @property
    def own_names(self) -> list[str]:
        """The table's own names of the columns that are sent."""
        return [self.stream.fields[place][0] for place, _ in self.columns]

    @property
    def header(self) -> list[str]:
        """The names of these columns in the file."""
        return [name for _, name in self.columns]

    def encoder(self) -> TableEncoder:
        """Return an encoder of the table.

        Returns:
            The encoder, which has written nothing yet.

        Raises:
            InvalidTableException: A column has a type without values in Anaplan, there are no
                columns, or more than the file can have.
        """
        from anaplan_sdk._formats.tables.table_encoder import TableEncoder

        return TableEncoder(self.library, self.stream.fields, self.columns, self.file_format)


class OutgoingTables(Files, Actions):
    """Finds out how a file is read, and writes tables accordingly."""

    async def _find_import(self, import_id: int | str) -> FileOfImport:
        """Return the file that an import reads, and how.

        Raises:
            InvalidArgumentException: It reads none.
            InvalidIdentifierException: The id is not that of an import, or there is no such import.
        """
        await self._action_url(import_id, "imports")
        wanted = identifier(import_id)
        # For an unknown import Anaplan answers as if it had failed (500), so it is looked up first.
        listed = {str(each.id): each for each in await self.get_imports()}
        if wanted not in listed:
            raise InvalidIdentifierException(f"The model has no import {import_id}.")
        found = listed[wanted]
        if found.file_id is None:
            raise InvalidArgumentException(
                f"Import {import_id} reads no file, so no table can be uploaded for it."
            )
        metadata = await self.get_import(import_id)
        return FileOfImport(found, str(found.file_id), {f"import {import_id}": metadata.source})

    async def _sources_of_file(self, file_id: int | str) -> Sources:
        """Return how each import that reads a file does so."""
        wanted = identifier(file_id)
        readers = [each for each in await self.get_imports() if str(each.file_id or "") == wanted]

        async def read(each: models.Import) -> tuple[str, models.ImportSource | None]:
            metadata = await self.get_import(each.id)
            return f"import {each.name!r} ({each.id})", metadata.source

        found = runtime.ordered_map(read, readers, self._config.max_concurrency)
        async with aclosing(found):
            return dict([each async for each in found])

    async def _open_table(
        self,
        file_id: int | str,
        table: TableLike,
        columns: ColumnsArgument | None,
        sources: Sources,
        *,
        date_format: str,
        timestamps: Timestamps,
    ) -> OpenedTable:
        from anaplan_sdk._formats.tables.installed_library import arrow_library

        arrow_library()
        self._check_file_id(file_id)
        files = {str(each.id): each for each in await self.get_files()}
        file = files.get(identifier(file_id))
        if file is None:
            raise InvalidIdentifierException(f"The model has no file {file_id}.")
        return await runtime.run_in_thread(
            partial(
                opened_for,
                file,
                table,
                columns,
                sources,
                date_format=date_format,
                timestamps=timestamps,
            )
        )

    async def _read_table(self, table: OpenedTable, encoder: TableEncoder) -> None:
        """Read a table that was sent before, so that the row of each line is known."""
        pieces = encoder.pieces(table.stream.batches, self._config.upload_chunk_size)
        while await runtime.run_in_thread(next, pieces, None) is not None:
            pass

    async def _send_table(
        self,
        file_id: int | str,
        table: OpenedTable,
        encoder: TableEncoder,
        journal: str | os.PathLike[str] | None,
        on_progress: ProgressCallback | None,
    ) -> None:
        least = self._config.upload_chunk_size // PIECES_PER_CHUNK
        pieces = encoder.pieces(table.stream.batches, least)
        await self.upload_file(file_id, pieces, journal=journal, on_progress=on_progress)
        _telemetry.count_rows("upload", encoder.rows)
        _telemetry.current().set({names.ROWS: encoder.rows})


def opened_for(
    file: models.File,
    table: TableLike,
    columns: ColumnsArgument | None,
    sources: Sources,
    *,
    date_format: str,
    timestamps: Timestamps,
) -> OpenedTable:
    """Open a table for a file.

    Args:
        file: The file.
        table: The table.
        columns: Which columns are sent, or their names in the file.
        sources: How each import reads the file, by what messages call the import.
        date_format: How dates are written.
        timestamps: What timestamps are written as.

    Returns:
        The table, of which nothing has been read but its columns.

    Raises:
        InvalidArgumentException: The file is an Excel file.
        InvalidTableException: The table can't be read, or does not have the columns.
    """
    from anaplan_sdk._formats.tables.column_matching import chosen_columns
    from anaplan_sdk._formats.tables.file_format import format_of_file
    from anaplan_sdk._formats.tables.installed_library import arrow_library
    from anaplan_sdk._formats.tables.table_source import open_table

    if (file.format or file.name.rpartition(".")[2]).lower() in _EXCEL:
        raise InvalidArgumentException(
            f"File {file.id}, {file.name!r}, is an Excel file, and tables are written as text: "
            "make an import that reads a CSV or text file."
        )
    library = arrow_library()
    known = [source for source in sources.values() if source is not None]
    file_format = format_of_file(file, known[0] if known else None, date_format, timestamps)
    stream = open_table(library, table)
    chosen = chosen_columns([name for name, _ in stream.fields], columns)
    return OpenedTable(library, stream, chosen, file_format)


def check_header(table: OpenedTable, sources: Sources) -> None:
    """Check the columns of a table against the imports that read a file: one of them must fit.

    Args:
        table: The table.
        sources: How each import reads the file.

    Raises:
        ColumnMismatchException: No import has these columns.
    """
    from anaplan_sdk._formats.tables.column_matching import check_headers

    headers = {
        reader: source.header_names
        for reader, source in sources.items()
        if source is not None and source.header_names
    }
    check_headers(table.header, headers)
