"""Tables in and out: data frames and files of tables, to imports and from exports."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from anaplan_sdk import _telemetry
from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.table_imports import TableImports
from anaplan_sdk._async.transfer.download import ACCEPT_BYTES, fetch_chunk, fetch_whole, in_order
from anaplan_sdk._async.transfer.table_stream import AsyncTableStream, open_stream
from anaplan_sdk._async.transport.traced import traced
from anaplan_sdk._formats.tables.arguments import Invalid, SchemaArgument
from anaplan_sdk._formats.tables.arrow_types import Schema
from anaplan_sdk._ranges import AT_LEAST_ONE, check_part, check_timeout
from anaplan_sdk._telemetry import names
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.progress import ProgressCallback

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
    from anaplan_sdk._formats.tables.arrow_types import ColumnType
    from anaplan_sdk._formats.tables.export_output import ExportOutput
    from anaplan_sdk._formats.tables.file_format import FileFormat

_PARALLEL_CHUNKS = 2


class Tables(TableImports):
    """Tables in and out: data frames, other Arrow data, and files."""

    @traced(names.TABLE_EXPORT, is_stream=True)
    async def export_table(
        self,
        export_id: int | str,
        *,
        schema: SchemaArgument | None = None,
        invalid: Invalid = "error",
        batch_rows: int = 50_000,
        run: bool = True,
        part: tuple[int, int] | None = None,
        locale: str = "en_US",
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> AsyncTableStream:
        """Run an export, and read its output as a table, in bounded memory.

        Columns have the types that Anaplan reports for the export: numbers are float64, booleans
        bool, dates date32, and all else is text. An empty field is null. The columns are those of
        the file; spaces around their names are removed, and a second `Name` is `Name (2)`.

        Args:
            export_id: The export (116…), to CSV or text, in a tabular layout. One with a grid or to
                Excel is refused: its output is not one table.
            schema: Other types, by column: "number", "boolean", "date", "text", or an Arrow type;
                or an Arrow schema, with the columns to choose types of.
            invalid: What becomes of a text that is not a value of its column's type: "error" (the
                default) raises, "null" reads it as null.
            batch_rows: The most rows of a record batch, at least 1.
            run: Whether to run the export first (default), or to read the output of its last run.
            part: Which part of the output to read, with `run=False`: its index, from 0, and the
                number of parts, such as `(0, 4)`; None (the default) reads all of it. So several
                processes can read one output at the same time: parts are made of its chunks (about
                10 MB each), and all parts together have each row once, in order. Parts beyond the
                number of chunks have no rows. A part also fetches the first chunk, for the header,
                and the one after its own, in which its last row may end. If one of the parts
                raises an error, discard what the others have read.
            locale: The locale in which Anaplan writes numbers and dates.
            timeout: Seconds to wait for the end of the export; None (the default) waits without
                limit. The work at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every status of the task, and for every chunk of
                the output, in bytes.

        Returns:
            The table as a stream, which can be read once: record batches, `to_polars`, `to_pandas`,
            `to_pyarrow`, `to_parquet`, `to_csv`, or `read_all`.

        Raises:
            InvalidArgumentException: The export writes an Excel file or a grid, `schema` names a
                column that it does not have or a type that texts are not read as, `invalid` is
                neither "error" nor "null", `batch_rows` is below 1, or the client has no model. If
                Anaplan does not report the columns, names are checked when the export has run.
                There is no such `part`, it was given without `run=False`, or the output has an
                encoding such as UTF-16, which can be read in one part only.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema, or `part` is
                not a pair of integers.
            ImportError: The extra `tables` is not installed.
            AnaplanActionError: The export failed; the error has the task.
            FileContentMissingException: There is no output.
            UnexpectedValueException: A value is not of its column's type; raised when it is
                reached. `run=False` reads the same output again.
            AnaplanResponseException: The output is not valid CSV, or a row has more or fewer fields
                than the header; raised when it is reached. With `part`, the errors' row numbers
                count from its first row, and it may also be impossible to know where the rows of
                a part begin, since chunks can begin within a quoted text: read it in one part then.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Export Actions"; Arrow specification, "The Arrow
        PyCapsule Interface".
        """
        # A program without tables does not load what reads them.
        from anaplan_sdk._formats.tables.cell_reader import check_invalid
        from anaplan_sdk._formats.tables.column_types import types_by_name
        from anaplan_sdk._formats.tables.installed_library import arrow_library
        from anaplan_sdk._formats.tables.row_borders import check_encoding
        from anaplan_sdk._formats.tables.table_parser import TableParser

        _telemetry.current().set(self._traced(names.ACTION_ID, export_id))
        AT_LEAST_ONE.check("batch_rows", batch_rows, int)
        check_timeout(timeout)
        check_invalid(invalid)
        if part is not None:
            check_part(part)
            if run:
                raise InvalidArgumentException(
                    "part needs run=False: run the export once, with run_action, and then read the "
                    "parts of its output."
                )
        library = arrow_library()
        output = await self._output_of(library, export_id, types_by_name(library, schema))
        if part is not None and part[1] > 1:
            check_encoding(output.file_format)
        if run:
            await self.run_action(
                export_id, locale=locale, timeout=timeout, on_progress=on_progress
            )
        parser = TableParser(
            library,
            output.file_format,
            output.choose_types,
            invalid=invalid,
            batch_rows=batch_rows,
        )
        if part is None or part[1] == 1:
            content = self._download(export_id, _PARALLEL_CHUNKS, on_progress)
        else:
            content = self._download_part(export_id, part, output.file_format, on_progress)
        return await open_stream(library, parser, content, are_pages=False)

    async def export_schema(
        self, export_id: int | str, *, schema: SchemaArgument | None = None
    ) -> Schema:
        """Return the schema of the table that `export_table` returns, without running the export.

        It is made of the export's metadata. The output may have other columns than these if the
        export was changed since its last run.

        Args:
            export_id: The export (116…), to CSV or text, in a tabular layout.
            schema: Other types, by column: "number", "boolean", "date", "text", or an Arrow type;
                or an Arrow schema, with the columns to choose types of.

        Returns:
            The names and types of the columns, as the Arrow library in use has them: a
            `pyarrow.Schema` or an `arro3.core.Schema`.

        Raises:
            InvalidArgumentException: Anaplan does not report the columns of the export, it writes
                an Excel file or a grid, `schema` names a column that it does not have or a type
                that texts are not read as, or the client has no model.
            ArgumentTypeException: `schema` is neither a mapping nor an Arrow schema.
            ImportError: The extra `tables` is not installed.
            InvalidIdentifierException: There is no such export.
            AnaplanException: A request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Export Actions".
        """
        from anaplan_sdk._formats.tables.column_types import types_by_name
        from anaplan_sdk._formats.tables.installed_library import arrow_library
        from anaplan_sdk._formats.tables.table_parser import fields_of

        library = arrow_library()
        output = await self._output_of(library, export_id, types_by_name(library, schema))
        if not output.header:
            raise InvalidArgumentException(
                f"export_id: Anaplan does not report the columns of export {export_id}."
            )
        return library.schema(fields_of(output.header, output.choose_types))

    async def _output_of(
        self, library: ArrowLibrary, export_id: int | str, chosen: Mapping[str, ColumnType]
    ) -> ExportOutput:
        from anaplan_sdk._formats.tables.export_output import output_of

        metadata = await self.get_export(export_id)
        layout = await self._layout_of_export(export_id)
        return output_of(library, metadata, layout, chosen)

    async def _download_part(
        self,
        export_id: int | str,
        part: tuple[int, int],
        file_format: FileFormat,
        on_progress: ProgressCallback | None,
    ) -> AsyncGenerator[bytes]:
        from anaplan_sdk._async.transfer.part_download import download_part

        what, url = f"File {export_id}", self._file_url(export_id)
        span = _telemetry.begin(names.DOWNLOAD, self._traced(names.FILE_ID, export_id))

        async def fetch(number: int) -> bytes:
            with span.bound():
                if not chunks:
                    return await fetch_whole(self._session, url, what, ACCEPT_BYTES)
                return await fetch_chunk(self._session, url, what, number, ACCEPT_BYTES)

        async with self._missing_content(export_id):
            with span.until_closed():
                with span.bound():
                    chunks = in_order(await self.get_file_chunks(export_id), what)
                contents = download_part(
                    fetch,
                    max(len(chunks), 1),
                    part,
                    file_format,
                    _telemetry.Received(span),
                    width=_PARALLEL_CHUNKS,
                    on_progress=on_progress,
                )
                async with aclosing(contents):
                    async for content in contents:
                        yield content
                        del content

    async def _layout_of_export(self, export_id: int | str) -> str | None:
        """Return the layout of an export, which its definition does not have."""
        wanted = identifier(export_id)
        exports = [each for each in await self.get_exports() if str(each.id) == wanted]
        return (exports[0].layout or exports[0].type) if exports else None
