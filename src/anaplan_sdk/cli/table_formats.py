"""The formats of tables: `--format`, the names of files, and the extra that some formats need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from anaplan_sdk._formats.tables.arrow_library import ArrowLibrary

TableFormat: TypeAlias = Literal["csv", "parquet", "arrow", "jsonl"]

FormatOption: TypeAlias = Annotated[
    TableFormat | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="csv, parquet, arrow or jsonl; by default by the file's name.",
    ),
]


def format_of(name: str) -> TableFormat | None:
    """Return the format that a file's name shows.

    Args:
        name: The path of the file, or `-`.

    Returns:
        The format; None if the name shows none.
    """
    from anaplan_sdk._formats.tables.table_source import kind_of

    return kind_of(Path(name))


def arrow_library() -> ArrowLibrary:
    """Return the Arrow library, which the extra `tables` installs.

    Raises:
        ImportError: It is not installed.
    """
    from anaplan_sdk._formats.tables import installed_library

    try:
        return installed_library.arrow_library()
    except ImportError as problem:
        raise ImportError(
            "Parquet, Arrow and JSON Lines need the extra 'tables': "
            "pip install 'anaplan-sdk[cli,tables]'"
        ) from problem
