"""Uploaded files as rows: decoding, delimiters and line numbers.

Files are read as a stream of chunks, so memory stays bounded whatever their size.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from anaplan_emulator.engine.outcomes import ActionFailed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What the csv module is given where there is no separator: private use, so in no honest file.
_NO_SEPARATOR = "\ue000"
CODECS = {"UTF-8": "utf-8", "ISO-8859-1": "iso-8859-1", "UTF-16LE": "utf-16-le"}

Encoding = Literal["UTF-8", "ISO-8859-1", "UTF-16LE"]


class FileFormat(BaseModel):
    """How a file is to be read, as its settings say (facts 4.12)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Encoding = "UTF-8"
    separator: Literal[",", "\t", ";", "|", ""] = ","
    delimiter: Literal['"', "'", ""] = '"'
    header_row: int = Field(default=1, ge=0)
    """Line of the column names, from 1; 0 where there is none."""
    first_data_row: int = Field(default=2, ge=1)
    decimal_separator: Literal[".", ","] = "."

    @property
    def codec(self) -> str:
        """Python's name of the encoding."""
        return CODECS[self.encoding]


@dataclass(slots=True)
class SourceRow:
    """One row of a file.

    Attributes:
        line: Line of the file it starts on, from 1.
        fields: Its texts, or the raw line where it couldn't be taken apart.
        malformed: Whether it couldn't.
    """

    line: int
    fields: list[str]
    malformed: bool = False


class Source:
    """A file being read.

    Args:
        chunks: Its bytes, in pieces of any size.
        form: How to read them.

    Raises:
        ActionFailed: The bytes are not text of the file's encoding, or a text delimiter that was
            opened is never closed, so that rows can't be told apart.
    """

    def __init__(self, chunks: Iterable[bytes], form: FileFormat) -> None:
        self._form = form
        self._stream = _ChunkStream(chunks)
        self._text = io.TextIOWrapper(
            io.BufferedReader(self._stream, 1 << 16), encoding=form.codec, newline=""
        )
        self._last_line = ""
        self._reader = csv.reader(
            self._lines(),
            delimiter=form.separator or _NO_SEPARATOR,
            quotechar=form.delimiter or None,
            quoting=csv.QUOTE_MINIMAL if form.delimiter else csv.QUOTE_NONE,
            strict=True,
        )
        self._ahead: SourceRow | None = None
        self.header: list[str] = []
        """Names of the columns."""
        self._read_header()

    @property
    def bytes_read(self) -> int:
        """How much of the file has been taken in."""
        return self._stream.position

    def column(self, wanted: str | int) -> int | None:
        """Find a column by its name, or by its number from 1."""
        if isinstance(wanted, int):
            return wanted - 1 if wanted <= len(self.header) else None
        try:
            return self.header.index(wanted)
        except ValueError:
            return None

    def rows(self) -> Iterator[SourceRow]:
        """Read the data rows, each as wide as the header; blank lines are skipped."""
        width = len(self.header)
        if self._ahead is not None:
            yield self._ahead
        for row in self._records():
            if row.line < self._form.first_data_row:
                continue
            missing = width - len(row.fields)
            if missing > 0:
                row.fields += [""] * missing
            yield row

    def _read_header(self) -> None:
        for row in self._records():
            if row.line == self._form.header_row:
                self.header = [name.strip() for name in row.fields]
                return
            if row.line >= self._form.first_data_row:
                # No header row: columns go by number, as wide as the first row of data.
                self.header = [f"Column {number + 1}" for number in range(len(row.fields))]
                self._ahead = row
                return

    def _records(self) -> Iterator[SourceRow]:
        while True:
            line = self._reader.line_num + 1
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._faulty(line, error)
                continue
            except UnicodeDecodeError as error:
                raise ActionFailed(
                    "importFailedGeneralError",
                    f"The file is not {self._form.encoding} text: byte {error.start} of line"
                    f" {line} or after can't be decoded",
                ) from error
            if fields:
                yield SourceRow(line, fields)

    def _faulty(self, line: int, error: csv.Error) -> SourceRow:
        # Only an unclosed delimiter lets a row run to the end of the file, or past csv's limit.
        if "unexpected end of data" in str(error) or "field limit" in str(error):
            raise ActionFailed(
                "unmatchedTextDelimiter", f"Unmatched text delimiter in line {line}"
            ) from error
        return SourceRow(line, [self._last_line.rstrip("\r\n")], malformed=True)

    def _lines(self) -> Iterator[str]:
        first = True
        for line in self._text:
            self._last_line = line.removeprefix("\ufeff") if first else line
            first = False
            yield self._last_line


class _ChunkStream(io.RawIOBase):
    """A stream over an iterable of bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.position += count
        return count
