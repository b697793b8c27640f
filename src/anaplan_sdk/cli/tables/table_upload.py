"""A table that is uploaded: its options, its source, and what Anaplan refuses of it."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, cast

import typer

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.options import assignments
from anaplan_sdk.cli.source import source_path
from anaplan_sdk.cli.table_formats import TableFormat, arrow_library, format_of
from anaplan_sdk.cli.tables.row_files import chosen_columns, no_column

if TYPE_CHECKING:
    from anaplan_sdk import CheckReport, Client
    from anaplan_sdk._formats.tables.arguments import TableLike
    from anaplan_sdk._formats.tables.arrow_types import BatchStream
    from anaplan_sdk._formats.tables.table_encoder import TableEncoder
    from anaplan_sdk.exceptions import ColumnMismatchException
    from anaplan_sdk.models import File, Import, ImportSource
    from anaplan_sdk.progress import ProgressCallback

Timestamps: TypeAlias = Literal["date", "text"]

ColumnOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME",
        help="Send only this column of the table; repeatable, in the order of the file.",
    ),
]
RenameOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        metavar="NAME=NEW",
        help="Send this column of the table under another name; repeatable.",
    ),
]
DateFormatOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--date-format",
        metavar="FORMAT",
        help="How dates are written, such as %d/%m/%Y; by default as 2026-01-31.",
    ),
]
TimestampsOption: TypeAlias = Annotated[
    Timestamps | None,
    typer.Option(
        "--timestamps",
        metavar="FORM",
        help="date (the default) refuses a time of day; text writes it, in ISO 8601.",
    ),
]

# Advice for programs in Python, which a message ends with.
_PYTHON_ADVICE = re.compile(r"\.? columns=.*$|\s*\(timestamps='text'\)", re.DOTALL)
# The column of a process's dump with the step that refused the row.
_STEP = "_Action_"


@dataclass(frozen=True)
class TableOptions:
    """How a table is read and sent, as it stands on the command line.

    Attributes:
        form: `--format`.
        columns: `--column`.
        renames: `--rename`.
        date_format: `--date-format`.
        timestamps: `--timestamps`.
    """

    form: TableFormat | None
    columns: Sequence[str]
    renames: Mapping[str, str]
    date_format: str | None
    timestamps: Timestamps | None

    @staticmethod
    def read(
        form: TableFormat | None,
        columns: list[str] | None,
        renames: list[str] | None,
        date_format: str | None,
        timestamps: Timestamps | None,
    ) -> TableOptions:
        """Read the options.

        Raises:
            CommandError: One has another form.
        """
        return TableOptions(
            form,
            columns or (),
            assignments("--rename", "NAME=NEW", renames),
            date_format,
            timestamps,
        )

    def table(self, source: str, *, is_checked: bool = False) -> TableUpload | None:
        """Return the table that a source is; None if its bytes are sent as they are.

        Args:
            source: SRC, as it was typed.
            is_checked: Whether the command needs a table in any case.

        Returns:
            The table.

        Raises:
            CommandError: The options do not fit the source.
        """
        form = self.form or format_of(source)
        if form in (None, "csv"):
            if self.date_format is not None or self.timestamps is not None:
                raise usage_error(
                    "--date-format and --timestamps are for Parquet, Arrow and JSON Lines.",
                    "Texts of a CSV file are sent as they are.",
                )
            if not (self.columns or self.renames or is_checked):
                return None
            form = "csv"
        return TableUpload(source, form, self)


class TableUpload:
    """A table that is uploaded. A context: what was read of stdin is deleted at its end.

    Args:
        source: SRC, as it was typed.
        form: Its format.
        options: How it is sent.
    """

    def __init__(self, source: str, form: TableFormat, options: TableOptions) -> None:
        self._source = source
        self._form = form
        self._options = options
        self._path: Path | None = None
        self._stack = ExitStack()
        self._stream: BatchStream | None = None
        self._encoder: TableEncoder | None = None
        self._names: dict[str, str] = {}
        self._readers: set[str] = set()

    def __enter__(self) -> Self:
        """Open the table.

        Raises:
            CommandError: There is no such file, or it is not of its format.
            ImportError: The extra is not installed.
        """
        from anaplan_sdk.exceptions import InvalidTableException

        arrow_library()
        with ExitStack() as stack:
            path = self._readable(stack)
            try:
                self._stream = self._open(path)
            except InvalidTableException as error:
                message = _worded(error).replace(repr(path.name), repr(self._source))
                raise usage_error(message, "Nothing was sent.") from error
            self._path, self._stack = path, stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def upload(
        self,
        client: Client,
        file_id: str,
        readers: Sequence[Import],
        journal: str | None,
        on_progress: ProgressCallback,
    ) -> None:
        """Compare the columns with those of the imports that read a file, and upload the table.

        Args:
            client: The client.
            file_id: The file.
            readers: The imports that read it.
            journal: `--journal`.
            on_progress: Called with the progress of the upload.

        Raises:
            CommandError: The columns are others, or a value cannot be written.
            AnaplanException: The upload failed.
        """
        from anaplan_sdk._sync.api.outgoing_tables import PIECES_PER_CHUNK
        from anaplan_sdk.config import ClientConfig
        from anaplan_sdk.exceptions import InvalidTableException

        stream = self._opened
        file = next(each for each in client.get_files() if str(each.id) == file_id)
        sources = {f"import {each.name!r}": client.get_import(each.id).source for each in readers}
        self._readers = {each.name for each in readers}
        try:
            encoder = self._encoder = self._prepared(file, sources)
        except InvalidTableException as error:
            raise usage_error(_worded(error), self._advice(error)) from error
        try:
            least = ClientConfig.upload_chunk_size // PIECES_PER_CHUNK
            pieces = encoder.pieces(stream.batches, least)
            client.upload_file(str(file.id), pieces, journal=journal, on_progress=on_progress)
        except InvalidTableException as error:
            raise CommandError(
                ExitCode.FAILED,
                _worded(error),
                f"The upload to {file.name!r} is incomplete, and its former content is gone; "
                "nothing was run. Correct the table, and repeat.",
                kind=type(error).__name__,
            ) from error

    def check(self, client: Client, import_id: str, target: str | None = None) -> CheckReport:
        """Check the table against an import. Nothing is changed at Anaplan.

        Args:
            client: The client.
            import_id: The import.
            target: The module or list that it writes to; None infers it from the import's name.

        Returns:
            The problems.

        Raises:
            CommandError: The table cannot be read.
            AnaplanException: A request failed.
        """
        from anaplan_sdk._formats.tables.arguments import ISO_DATE
        from anaplan_sdk.exceptions import InvalidTableException

        options, path = self._options, self._path
        # Each check reads the table from its beginning.
        stream, self._stream = self._stream, None
        try:
            return client.check_table(
                import_id,
                cast("TableLike", stream or (self._open(path) if path else None)),
                columns=dict(options.renames) or None,
                target=target,
                date_format=options.date_format or ISO_DATE,
                timestamps=options.timestamps or "date",
            )
        except InvalidTableException as error:
            raise usage_error(_worded(error), "Nothing was sent.") from error

    @property
    def refused_columns(self) -> list[str]:
        """The columns of refused rows that are known before there are any."""
        return list(self.refused_row(dict.fromkeys(self._names, "")))

    def refused_row(self, row: Mapping[str, str]) -> dict[str, Any]:
        """Return a row that Anaplan refused, as a row of the table.

        Args:
            row: The row of the failure dump.

        Returns:
            Its index in the table, the reasons, the status, the step of a process, and the table's
            own columns.
        """
        from anaplan_sdk._formats.tables.refused_rows import (
            line_of,
            reason_of,
            status_of,
            values_of,
        )

        is_own = _STEP not in row or row[_STEP] in self._readers
        line = line_of(row) if is_own else None
        found: dict[str, Any] = {
            "row": None if line is None else self._row_of_line(line),
            "reason": reason_of(row),
            "status": status_of(row),
            **({"step": row[_STEP]} if _STEP in row else {}),
        }
        for name, value in values_of(row).items():
            if name != _STEP:
                own = self._names.get(name, name) if is_own else name
                found[f"{own} (2)" if own in found else own] = value
        return found

    def _row_of_line(self, line: int) -> int | None:
        return self._encoder.row_of_line(line) if self._encoder else None

    @property
    def _opened(self) -> BatchStream:
        if self._stream is None:
            raise RuntimeError("The table is not open.")
        return self._stream

    def _prepared(self, file: File, sources: Mapping[str, ImportSource | None]) -> TableEncoder:
        from anaplan_sdk._formats.csv_rows import unique_names
        from anaplan_sdk._formats.tables.arguments import ISO_DATE
        from anaplan_sdk._sync.api.outgoing_tables import check_header, opened_for

        options = self._options
        table = opened_for(
            file,
            cast("TableLike", self._opened),
            dict(options.renames) or None,
            sources,
            date_format=options.date_format or ISO_DATE,
            timestamps=options.timestamps or "date",
        )
        check_header(table, sources)
        self._names = dict(zip(unique_names(table.header), table.own_names, strict=True))
        return table.encoder()

    def _open(self, path: Path) -> BatchStream:
        """Open the file, with the columns that `--column` names."""
        from anaplan_sdk._formats.tables.table_source import open_table

        stream = open_table(arrow_library(), path)
        names = [name for name, _ in stream.fields]
        if unknown := [name for name in self._options.renames if name not in names]:
            raise no_column(self._source, unknown, names)
        return chosen_columns(stream, self._options.columns, self._source)

    def _advice(self, error: Exception) -> str:
        from anaplan_sdk.exceptions import ColumnMismatchException

        if not isinstance(error, ColumnMismatchException):
            return "Nothing was sent."
        return f"Nothing was sent. {_column_advice(error)}"

    def _readable(self, stack: ExitStack) -> Path:
        """Return a path whose name shows the format, of a file that can be read again and again."""
        if self._source == "-":
            stream: Any = typer.get_binary_stream("stdin")
        else:
            path = source_path(self._source)
            if path.is_file() and not path.stat().st_size:
                raise usage_error(f"{self._source!r} is empty.", "Nothing was sent.")
            is_packed = self._form == "csv" and self._source.lower().endswith(".csv.gz")
            if path.is_file() and (is_packed or format_of(self._source) == self._form):
                return path
            # A pipe can be read only once, as stdin.
            stream = stack.enter_context(path.open("rb"))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="anaplan-"))
        copy = Path(folder) / f"stdin.{self._form}"
        with copy.open("wb") as file:
            shutil.copyfileobj(stream, file)
        if not copy.stat().st_size:
            raise usage_error("There is no content on stdin.", "Nothing was sent.")
        return copy


def _column_advice(error: ColumnMismatchException) -> str:
    if error.missing or error.unexpected or error.repeated:
        return "--rename NAME=NEW renames a column, --column NAME chooses the columns to send."
    return "--column NAME, for each column in the order of the import, sends them in that order."


def _worded(error: Exception) -> str:
    """Return the message of an error without what it advises for programs in Python."""
    text = _PYTHON_ADVICE.sub("", str(error)).strip()
    return text if text.endswith(".") else f"{text}."
