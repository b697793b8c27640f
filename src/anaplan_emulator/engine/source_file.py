"""Reading the rows of an uploaded file: decoding, delimiters and line numbers.

A file is read as a stream of chunks, so that memory stays bounded whatever its size.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from anaplan_emulator.engine.action_results import ActionFailed
from anaplan_emulator.tenant.file_format import FileFormat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# The csv module's limit of 128 KiB would refuse valid fields. A limit remains, as a row with an
# unclosed delimiter is read to the end of the file.
_FIELD_LIMIT = 64 * 1024 * 1024
csv.field_size_limit(max(_FIELD_LIMIT, csv.field_size_limit()))

# The delimiter for the csv module if there is no separator: a private-use character.
_NO_SEPARATOR = "\ue000"


@dataclass(slots=True)
class SourceRow:
    """One row of a file.

    Attributes:
        line: Number of the line it starts on, from 1.
        fields: The texts of its columns, or the raw line if it is malformed.
        malformed: Whether it could not be split into columns.
    """

    line: int
    fields: list[str]
    malformed: bool = False


class SourceFile:
    """A file that is being read.

    Args:
        chunks: Its bytes, in chunks of any size.
        file_format: How to read them.

    Raises:
        ActionFailed: The bytes are not text in the file's encoding, or a text delimiter is not
            closed, so that the end of the row is unknown.
    """

    def __init__(self, chunks: Iterable[bytes], file_format: FileFormat) -> None:
        self._format = file_format
        self._stream = _ChunkStream(chunks)
        self._text = io.TextIOWrapper(
            io.BufferedReader(self._stream, 1 << 16), encoding=file_format.codec, newline=""
        )
        self._last_line = ""
        self._reader = csv.reader(
            self._lines(),
            delimiter=file_format.separator or _NO_SEPARATOR,
            quotechar=file_format.delimiter or None,
            quoting=csv.QUOTE_MINIMAL if file_format.delimiter else csv.QUOTE_NONE,
            strict=True,
        )
        self._ahead: SourceRow | None = None
        self.header: list[str] = []
        """The names of the columns."""
        self._read_header()

    @property
    def bytes_read(self) -> int:
        """Number of bytes read so far."""
        return self._stream.position

    def column(self, column: str | int) -> int | None:
        """Return the position of a column, given its name or its number from 1."""
        if isinstance(column, int):
            return column - 1 if column <= len(self.header) else None
        try:
            return self.header.index(column)
        except ValueError:
            return None

    def rows(self) -> Iterator[SourceRow]:
        """Yield the data rows, padded to the width of the header; blank lines are skipped."""
        if self._ahead is not None:
            yield self._ahead
        records = self._records()
        for row in records:
            if row.line >= self._format.first_data_row:
                yield row
                break
        yield from records

    def _read_header(self) -> None:
        for row in self._records():
            if row.line == self._format.header_row:
                self.header = [name.strip() for name in row.fields]
                return
            if row.line >= self._format.first_data_row:
                # Without a header row columns are numbered, as many as the first data row has.
                self.header = [f"Column {number + 1}" for number in range(len(row.fields))]
                self._ahead = row
                return

    def _records(self) -> Iterator[SourceRow]:
        reader, width = self._reader, len(self.header)
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._malformed(line, error)
                continue
            except UnicodeDecodeError as error:
                raise ActionFailed(
                    "importFailedGeneralError",
                    f"The file is not {self._format.encoding} text: byte {error.start} of line"
                    f" {line} or after can't be decoded",
                ) from error
            if len(fields) < width and fields:
                fields += [""] * (width - len(fields))
            if fields:
                yield SourceRow(line, fields)

    def _malformed(self, line: int, error: csv.Error) -> SourceRow:
        # Only after an unclosed delimiter does a row reach the end of the file, or the limit.
        if "unexpected end of data" in str(error) or "field limit" in str(error):
            raise ActionFailed(
                "unmatchedTextDelimiter", f"Unmatched text delimiter in line {line}"
            ) from error
        return SourceRow(line, [self._last_line.rstrip("\r\n")], malformed=True)

    def _lines(self) -> Iterator[str]:
        for line in islice(self._text, 1):
            self._last_line = line.removeprefix("\ufeff")
            yield self._last_line
        for line in self._text:
            self._last_line = line
            yield line


class _ChunkStream(io.RawIOBase):
    """A binary stream over an iterable of bytes."""

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
