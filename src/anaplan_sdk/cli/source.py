"""Where content is read from: SRC on a command line, which is a file or stdin."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from anaplan_sdk.cli.failures import usage_error


def source_path(source: str) -> Path:
    """Return the path of a file that exists.

    Args:
        source: The path as it was typed.

    Returns:
        The path, of a file or a pipe.

    Raises:
        CommandError: There is no such file, or it is a folder.
    """
    if not source.strip():
        raise usage_error("The source is empty.", "Name a file, or - for stdin.")
    path = Path(source).expanduser()
    if path.is_dir():
        raise usage_error(f"{source!r} is a folder.", "Name a file in it, or - for stdin.")
    if not path.exists():
        raise usage_error(f"There is no file {source!r}.", "Nothing was sent.")
    return path


def read_source(source: str) -> bytes:
    """Return the whole content of a source.

    Args:
        source: The path as it was typed, or - for stdin.

    Returns:
        The content.

    Raises:
        CommandError: There is no such file, or it is a folder.
        OSError: It cannot be read.
    """
    if source != "-":
        return source_path(source).read_bytes()
    if sys.stdin.isatty():
        print("Reading from the keyboard; Ctrl-D ends it.", file=sys.stderr)
    return typer.get_binary_stream("stdin").read()
