"""Contents of files that the user has uploaded, with their values replaced as those of items."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anaplan_sdk._runtime.targets import replacing
from anaplan_sdk.cli.tenant.capturing.item_names import NameReplacer
from anaplan_sdk.cli.tenant.capturing.list_items import replaced
from anaplan_sdk.cli.tenant.capturing.model_reader import ModelReader, is_about_one_object, reason
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms, finite_number
from anaplan_sdk.cli.tenant.capturing.structure import TIME, VERSIONS, Structure
from anaplan_sdk.exceptions import AnaplanException


@dataclass
class FileContents:
    """Captures contents of files.

    Attributes:
        reader: Reads them.
        structure: The lists and modules.
        names: Replaces items and people in names of columns.
        options: What is captured.
        pseudonyms: What replaces values; None if nothing is replaced.
        folder: The folder for the contents.
    """

    reader: ModelReader
    structure: Structure
    names: NameReplacer
    options: CaptureOptions
    pseudonyms: Pseudonyms | None
    folder: Path

    def members(
        self,
        shown: Mapping[str, Any],
        described: Mapping[str, Any],
        imports: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Write the content of a file, if all data is captured.

        Args:
            shown: The file as Anaplan shows it.
            described: The file as the tenant file has it.
            imports: The imports, with the columns that they map.

        Returns:
            The member of the file that says where its content is.
        """
        identifier, name = str(shown["id"]), str(shown["name"])
        place = f"content of file {name}"
        if self.options.data != "all":
            self.reader.report.skip(place, "left out: only '--data all' captures it")
            return {}
        target = self.folder / f"file-{identifier}.csv"

        def write() -> bool:
            with replacing(target) as file:
                if self.pseudonyms is None:
                    for piece in self.reader.client.get_file_stream(identifier):
                        file.write(piece)
                    return True
                return self._write_replaced(identifier, described, imports, file)

        key = f"written {place} {identifier}"
        written = self.reader.state.value(key)
        if written is None:
            self.reader.show(place)
            try:
                written = {"value": write()}
            except (AnaplanException, UnicodeError, csv.Error) as error:
                if isinstance(error, AnaplanException) and not is_about_one_object(error):
                    raise
                written = {"problem": reason(error)}
            self.reader.state.store(key, written)
        if not written.get("value"):
            self.reader.report.skip(
                place, f"left out: {written.get('problem', 'it is not a table')}"
            )
            return {}
        return {"default_file": f"{self.folder.name}/{target.name}"}

    def _write_replaced(
        self,
        identifier: str,
        described: Mapping[str, Any],
        imports: list[dict[str, Any]],
        file: Any,
    ) -> bool:
        """Write the content of a file with its values replaced, as those of its targets are."""
        formats = self._column_formats(str(described["name"]), imports)
        encoding = str(described.get("encoding", "UTF-8"))
        delimiter = str(described.get("separator", ","))
        quote = str(described.get("delimiter", '"')) or None
        form: dict[str, Any] = {
            "delimiter": delimiter,
            "quotechar": quote,
            "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        }
        header_row = int(described.get("header_row", 1))
        header: list[str] = []
        with _TextPieces(self.reader.client.get_file_stream(identifier), encoding) as lines:
            text = io.TextIOWrapper(file, encoding=encoding, newline="")
            escape = None if quote else "\\"
            writer = csv.writer(text, lineterminator="\n", escapechar=escape, **form)
            for number, row in enumerate(csv.reader(lines, **form), 1):
                if number == header_row:
                    header = row
                    writer.writerow(self.names.in_name(each) for each in row)
                elif number > header_row:
                    writer.writerow(
                        self._cell(value, place, header, formats, identifier)
                        for place, value in enumerate(row)
                    )
            text.flush()
            text.detach()
        return True

    def _cell(
        self,
        text: str,
        place: int,
        header: list[str],
        formats: Mapping[str, tuple[str, str]],
        file_id: str,
    ) -> str:
        column = header[place] if place < len(header) else str(place)
        known = formats.get(column)
        if known is not None:
            return replaced(text, known[0], known[1], self.pseudonyms)
        if self.pseudonyms is None or text.casefold() in ("", "true", "false"):
            return text
        if finite_number(text) is not None:
            return self.pseudonyms.number(text, f"{file_id} {column}")
        return self.pseudonyms.date(text)

    def _column_formats(
        self, file_name: str, imports: list[dict[str, Any]]
    ) -> dict[str, tuple[str, str]]:
        """Return the format of columns, and the line item or property that they are for."""
        formats: dict[str, tuple[str, str]] = {}
        for each in imports:
            target: dict[str, Any] = each.get("target") or {}
            if each.get("file") == file_name and "list" in target:
                formats = {**self._list_formats(target), **formats}
            elif each.get("file") == file_name and target:
                formats = {**self._module_formats(target), **formats}
        return formats

    def _list_formats(self, target: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        into = self.structure.lists[target["list"]]
        formats: dict[str, tuple[str, str]] = {}
        for field_ in into.properties:
            if column := target.get("properties", {}).get(field_.name):
                formats[column] = field_.data_format, f"{into.id} {field_.name}"
        own = [target[each] for each in ("code", "name", "parent") if each in target]
        return formats | dict.fromkeys(own, ("TEXT", ""))

    def _module_formats(self, target: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        module = self.structure.modules[target["module"]]
        formats: dict[str, tuple[str, str]] = {}
        for item in module.line_items:
            column = target["line_items"].get(item.name)
            if isinstance(column, str):
                formats[column] = item.data_format, f"{module.id} {item.shown['id']}"
        for dimension, source in target["dimensions"].items():
            column = source if isinstance(source, str) else source.get("column")
            # Names of periods and versions are kept, as booleans are.
            kind = "BOOLEAN" if dimension in (TIME, VERSIONS) else "TEXT"
            formats |= {column: (kind, "")} if column else {}
        return formats


class _TextPieces(io.TextIOWrapper):
    """A text file that is read from pieces of bytes.

    Args:
        pieces: The pieces.
        encoding: Their encoding.
    """

    def __init__(self, pieces: Iterable[bytes], encoding: str) -> None:
        super().__init__(io.BufferedReader(_Pieces(pieces)), encoding=encoding, newline="")


class _Pieces(io.RawIOBase):
    """Reads pieces of bytes, one after another.

    Args:
        pieces: The pieces.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        """Return that it can be read.

        Returns:
            True.
        """
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer with bytes.

        Args:
            buffer: The buffer.

        Returns:
            How many there are; 0 at the end.
        """
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
