"""Reading the rows of an uploaded file: decoding, delimiters and line numbers.

A file is read as a stream of chunks, so that memory stays bounded whatever its size.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
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

_LINES_PER_BLOCK = 100


@dataclass(slots=True)
class RowBatch:
    """Consecutive rows of a file, without blank lines.

    An object for each row would cost more time than to parse it.

    Attributes:
        rows: The texts of the columns of each row.
        lines: Number of the line that each row starts on, from 1.
        malformed: The rows that could not be split into columns: the raw lines by their number.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    malformed: dict[int, str] = field(default_factory=dict)
    _columns: list[tuple[str, ...]] | None = None

    @classmethod
    def of_columns(cls, columns: Sequence[tuple[str, ...]], lines: list[int]) -> "RowBatch":
        """Return the rows of a source that is read column by column, without `rows`."""
        return cls([], lines, _columns=[*columns])

    def __len__(self) -> int:
        return len(self.lines) + len(self.malformed)

    def column(self, position: int) -> Sequence[str]:
        """Return the text of a column in each row, once all rows are there."""
        if self._columns is None:
            # Rows may be wider than the header, each to another width.
            self._columns = list(zip(*self.rows, strict=False))
        return self._columns[position] if self._columns else ()


class SourceFile:
    """A file that is being read.

    Args:
        chunks: Its bytes, in chunks of any size.
        file_format: How to read them.
        strip_header: Whether spaces around the names of columns are ignored.

    Raises:
        ActionFailed: The bytes are not text in the file's encoding, or a text delimiter is not
            closed, so that the end of the row is unknown.
    """

    def __init__(
        self, chunks: Iterable[bytes], file_format: FileFormat, *, strip_header: bool = True
    ) -> None:
        self._format = file_format
        self._strip_header = strip_header
        self._stream = _ChunkStream(chunks)
        self._text = io.TextIOWrapper(
            io.BufferedReader(self._stream, 1 << 16), encoding=file_format.codec, newline=""
        )
        self._separator = file_format.separator or _NO_SEPARATOR
        self._block: list[str] = []
        self._lines_before_block = 0
        self._split_lines = 0
        self._to_parse: list[list[str]] = []
        self._blocks = self._read_blocks()
        self._reader = csv.reader(
            chain.from_iterable(self._blocks_to_parse()),
            delimiter=self._separator,
            quotechar=file_format.delimiter or None,
            quoting=csv.QUOTE_MINIMAL if file_format.delimiter else csv.QUOTE_NONE,
            strict=True,
        )
        self._ahead: RowBatch | None = None
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

    def batches(self, size: int) -> Iterator[RowBatch]:
        """Yield the data rows in batches, padded to the width of the header.

        Args:
            size: The number of rows in a batch. One may have up to 99 more.
        """
        while True:
            batch, self._ahead = self._ahead or RowBatch(), None
            self._read(batch, size, self._format.first_data_row)
            if not len(batch):
                return
            yield batch

    def _read_header(self) -> None:
        while True:
            batch = RowBatch()
            self._read(batch, 1)
            if not len(batch):
                return
            ((line, fields),) = (
                *zip(batch.lines, batch.rows, strict=True),
                *((line, [text]) for line, text in batch.malformed.items()),
            )
            if line == self._format.header_row:
                self.header = [name.strip() for name in fields] if self._strip_header else fields
                return
            if line >= self._format.first_data_row:
                # Without a header row columns are numbered, as many as the first data row has.
                self.header = [f"Column {number + 1}" for number in range(len(fields))]
                self._ahead = batch
                return

    def _read(self, batch: RowBatch, size: int, first_line: int = 1) -> None:
        """Fill a batch with the rows from a line on, to a size or the end of the file."""
        while (missing := size - len(batch)) > 0:
            rows: list[list[str]] = []
            start = self._line_num + 1
            try:
                # The rows before an error are kept.
                rows.extend(self._split(size) or islice(self._reader, self._limit(missing)))
            except csv.Error as error:
                line = self._add(batch, rows, start, first_line)
                text = self._malformed(line, error)
                if line >= first_line:
                    batch.malformed[line] = text
            except UnicodeDecodeError as error:
                line = start + sum(map(_line_count, rows))
                raise ActionFailed(
                    "importFailedGeneralError",
                    f"The file is not {self._format.encoding} text: byte {error.start} of line"
                    f" {line} or after can't be decoded",
                ) from error
            else:
                self._add(batch, rows, start, first_line)
                if not rows:
                    return

    def _add(self, batch: RowBatch, rows: list[list[str]], start: int, first_line: int) -> int:
        """Add rows to a batch, and return the number of the line after them.

        Args:
            batch: The batch.
            rows: The rows, of which some may be blank or too short.
            start: Number of the line that the first row starts on.
            first_line: Rows that start before this line are skipped.
        """
        width = len(self.header)
        end = start + len(rows)
        # Mostly each line is a row with a text for each column.
        if (
            self._line_num + 1 == end
            and start >= first_line
            and min(map(len, rows), default=0) >= max(width, 1)
        ):
            batch.rows += rows
            batch.lines += range(start, end)
            return end
        line = start
        for fields in rows:
            if fields and line >= first_line:
                batch.rows.append(fields + [""] * (width - len(fields)))
                batch.lines.append(line)
            line += _line_count(fields)
        return line

    def _malformed(self, line: int, error: csv.Error) -> str:
        # Only after an unclosed delimiter does a row reach the end of the file, or the limit.
        if "unexpected end of data" in str(error) or "field limit" in str(error):
            raise ActionFailed(
                "unmatchedTextDelimiter", f"Unmatched text delimiter in line {line}"
            ) from error
        last_line = self._block[self._line_num - self._lines_before_block - 1]
        return last_line.rstrip("\r\n")

    @property
    def _line_num(self) -> int:
        """The number of lines read so far."""
        return self._reader.line_num + self._split_lines

    def _split(self, size: int) -> list[list[str]]:
        """Return the next rows if the csv module is not needed, which takes twice as long.

        Without text delimiters each line is a row, and only has to be split.
        """
        if size < _LINES_PER_BLOCK or self._lines_left():
            return []
        block = next(self._blocks, [])
        text = "".join(block)
        delimiter = self._format.delimiter
        if (
            (delimiter and delimiter in text)
            # The csv module of Python 3.10 refuses this character.
            or "\0" in text
            or len(text) > _FIELD_LIMIT
        ):
            self._to_parse.append(block)
            return []
        self._split_lines += len(block)
        lines = [line.rstrip("\r\n") for line in block]
        return [line.split(self._separator) if line else [] for line in lines]

    def _lines_left(self) -> int:
        """Return the number of lines in the current block that are still to be read."""
        return self._lines_before_block + len(self._block) - self._line_num

    def _limit(self, rows: int) -> int:
        """Limit the number of rows to parse, so that the next block may be split."""
        return min(rows, self._lines_left() or _LINES_PER_BLOCK)

    def _blocks_to_parse(self) -> Iterator[list[str]]:
        """Yield the blocks that can't simply be split."""
        while block := self._to_parse.pop() if self._to_parse else next(self._blocks, None):
            yield block

    def _read_blocks(self) -> Iterator[list[str]]:
        """Yield the lines in blocks, of which the current one is kept for malformed rows."""
        while True:
            before = self._block
            block: list[str] = []
            try:
                block.extend(islice(self._text, _LINES_PER_BLOCK))
            finally:
                # Also the lines before bytes that can't be decoded.
                if block:
                    if not before:
                        block[0] = block[0].removeprefix("\ufeff")
                    self._lines_before_block += len(before)
                    self._block = block
                    yield block
            if not block:
                return


def _line_count(fields: list[str]) -> int:
    """Return the number of lines of a row: line breaks may be part of its texts."""
    return 1 + sum(text.count("\n") + text.count("\r") - text.count("\r\n") for text in fields)


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
