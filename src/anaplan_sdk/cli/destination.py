"""Where content is written: a path, a folder, or stdout."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, overload

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.table_formats import TableFormat, format_of

if TYPE_CHECKING:
    from anaplan_sdk.cli.output import Output

# Windows gives these a meaning, or does not allow them.
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')


class Destination:
    """Where content is written, checked before anything is sent.

    Args:
        text: `-`, a path, or a folder; None for a name of its own in the current folder.

    Attributes:
        is_stdout: Whether it is written to stdout.
        is_folder: Whether it is a folder, in which content has a name of its own.

    Raises:
        CommandError: Nothing can be written there.
    """

    def __init__(self, text: str | None) -> None:
        if text is not None and not text.strip():
            # Such as a variable of a script that was not set.
            raise usage_error("The destination is empty.", "Name a file, or - for stdout.")
        self.is_stdout = text == "-"
        self._path = Path(text or ".").expanduser()
        self.is_folder = not self.is_stdout and self._path.is_dir()
        if self.is_stdout:
            return
        if not self.is_folder and (str(text).endswith(("/", os.sep)) or not self._has_folder):
            folder = self._path if str(text).endswith(("/", os.sep)) else self._path.parent
            raise usage_error(f"There is no folder {str(folder)!r}.", "Create it, or name another.")
        if not os.access(self._written, os.W_OK):
            raise usage_error(f"{str(self._written)!r} cannot be written.", "Name another file.")

    @overload
    @classmethod
    def of_file(cls, text: str) -> Destination: ...

    @overload
    @classmethod
    def of_file(cls, text: str | None) -> Destination | None: ...

    @classmethod
    def of_file(cls, text: str | None) -> Destination | None:
        """Return a destination that must not be a folder.

        Args:
            text: `-` or a path; None for none.

        Returns:
            The destination, if there is one.

        Raises:
            CommandError: Nothing can be written there.
        """
        if text is None:
            return None
        found = cls(text)
        if found.is_folder:
            raise usage_error(f"{text!r} is a folder.", "Name a file in it, or - for stdout.")
        return found

    @property
    def form(self) -> TableFormat | None:
        """The format of tables that the file's name shows."""
        return None if self.is_stdout else format_of(str(self._path))

    @property
    def _has_folder(self) -> bool:
        return self._path.parent.is_dir()

    @property
    def _written(self) -> Path:
        """What must be writable: a file is replaced, so its folder; devices and pipes."""
        path = self._path.resolve()
        is_special = path.exists() and not path.is_file()
        return path if is_special else path.parent

    def is_file(self, path: str) -> bool:
        """Return whether this is the file that a path names.

        Args:
            path: The path; there need not be a file.

        Returns:
            Whether it is.
        """
        if self.is_stdout or not self._path.exists() or not Path(path).exists():
            return False
        return self._path.samefile(path)

    def write(self, pieces: Iterable[bytes], output: Output) -> None:
        """Write content to the file, which has it either completely or not at all; or to stdout.

        Args:
            pieces: The content.
            output: The output of the command.

        Raises:
            OSError: It cannot be written.
        """
        from anaplan_sdk._runtime.targets import write_all

        with self.opened(output) as file:
            for piece in pieces:
                write_all(file, piece)

    @contextmanager
    def opened(self, output: Output) -> Generator[BinaryIO]:
        """Open the destination, which is not a folder, for writing.

        Args:
            output: The output of the command.

        Yields:
            The file, which replaces one that exists at the end of the block; or stdout.

        Raises:
            OSError: It cannot be written.
        """
        if self.is_stdout:
            with output.binary() as file:
                yield file
            return
        from anaplan_sdk._sync.transfer.target import open_target

        with open_target(self.path()) as file:
            yield file

    def path(self, find_name: Callable[[], str] = str) -> Path:
        """Return the path to write to.

        Args:
            find_name: Returns the content's own name, which is needed within a folder.

        Returns:
            The path.

        Raises:
            CommandError: The name cannot be that of a file here.
        """
        return self._path / _file_name(find_name()) if self.is_folder else self._path


def _file_name(name: str) -> str:
    """Return the last component of a name, which must not lead anywhere else."""
    last = re.split(r"[/\\]", name)[-1].strip()
    odd = not last or last.startswith((".", "-")) or printable(last) != last
    if odd or (os.name == "nt" and _NOT_ON_WINDOWS.search(last)):
        raise usage_error(
            f"The name {printable(name)!r} cannot be used for a file here.",
            "Name the file to write as the last argument.",
        )
    return last
