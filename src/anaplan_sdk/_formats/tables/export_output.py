"""The columns and the format of an export's output, from its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anaplan_sdk._formats.csv_rows import unique_names
from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary
from anaplan_sdk._formats.tables.arrow_types import ColumnType
from anaplan_sdk._formats.tables.column_types import check_known, type_of
from anaplan_sdk._formats.tables.file_format import FileFormat, format_of_export
from anaplan_sdk._formats.tables.table_parser import ChooseTypes
from anaplan_sdk.models import ExportMetadata


@dataclass(frozen=True)
class ExportOutput:
    """What metadata says of an export's output.

    Attributes:
        file_format: The format of the file.
        header: The names of the columns; none if Anaplan does not report them.
        choose_types: Chooses the types of the columns by the names in the file, which may have
            others than Anaplan reports.
    """

    file_format: FileFormat
    header: Sequence[str]
    choose_types: ChooseTypes


def output_of(
    library: ArrowLibrary,
    metadata: ExportMetadata,
    layout: str | None,
    chosen: Mapping[str, ColumnType],
) -> ExportOutput:
    """Return what metadata says of an export's output.

    Args:
        library: The Arrow library.
        metadata: The definition of the export.
        layout: Its layout, if it is known.
        chosen: The types that the caller has chosen, by column.

    Raises:
        InvalidArgumentException: The export writes an Excel file or a grid, or there is no column
            whose type the caller has chosen.
    """
    file_format = format_of_export(metadata, layout)
    header = unique_names([name.strip() for name in metadata.header_names])
    if header:
        check_known(chosen, header)
    known = dict(zip(header, metadata.data_types, strict=False))

    def choose_types(names: list[str]) -> list[ColumnType]:
        if names:
            check_known(chosen, names)
        return [chosen.get(name) or type_of(library, known.get(name, "TEXT")) for name in names]

    return ExportOutput(file_format, header, choose_types)
