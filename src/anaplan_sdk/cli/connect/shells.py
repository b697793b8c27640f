"""The syntax of the shells that converted scripts are written for."""

from __future__ import annotations

import re
import shlex
import textwrap
from typing import NamedTuple, TypeAlias

from anaplan_sdk.cli.connect.values import Atom, Code, Outer, Piece, Value, Variable

_SAFE = re.compile(r"[\w.\-/\\:@=+,]+", re.ASCII)
_QUERY_FILE = "query.sql"
_WIDTH = 96


class Pipe(NamedTuple):
    """How the rows of a query get into a command.

    Attributes:
        before: What precedes the command.
        after: The lines after the command.
        file: The file that the query has to be saved as, if any.
    """

    before: str
    after: tuple[str, ...] = ()
    file: str | None = None


class Bash:
    """Bash and similar shells.

    Attributes:
        comment: What a comment begins with.
        continuation: What ends a line that continues on the next one.
        start: The first lines of a script.
        options: The lines after the first comment.
        on_failure: What follows a command, so that the script ends if it fails.
        folder: What stands for the folder of the script in scripts of this shell.
        own_folder: How a converted script has its folder.
        folder_line: The line that this needs.
        separator: What separates a folder from its files.
    """

    comment = "#"
    continuation = " \\"
    start: tuple[str, ...] = ("#!/usr/bin/env bash",)
    options: tuple[str, ...] = ("set -eo pipefail",)
    on_failure = ""
    folder = '$(dirname "$0")'
    # A relative path would change its meaning with the working folder.
    own_folder: tuple[Atom, ...] = (Outer("SCRIPT_FOLDER"), "/")
    separator = "/"
    folder_line: str | None = 'SCRIPT_FOLDER=$(cd "$(dirname "$0")" && pwd)'

    def quoted(self, value: Value) -> str:
        """Quote an argument.

        Args:
            value: The argument.

        Returns:
            The argument as the shell reads it.
        """
        pieces = value.pieces()
        if all(isinstance(piece, str) for piece in pieces):
            return shlex.quote(value.plain)
        text = ""
        for i, piece in enumerate(pieces):
            following = pieces[i + 1] if i + 1 < len(pieces) else ""
            text += self._in_quotes(piece, following if isinstance(following, str) else "")
        return f'"{text}"'

    @staticmethod
    def _in_quotes(piece: Piece, following: str) -> str:
        match piece:
            case Variable(name) | Outer(name):
                return f"${{{name}}}" if re.match(r"\w|\[", following) else f"${name}"
            case Code(code):
                return code
            case _:
                return re.sub(r'([\\"$`])', r"\\\1", piece)

    def assignment(self, name: str, value: Value) -> str:
        """Set a variable.

        Args:
            name: The variable.
            value: Its value.

        Returns:
            The line.
        """
        return f"{name}={self.quoted(value)}"

    def exported(self, name: str, value: Value) -> str:
        """Set a variable of the environment.

        Args:
            name: The variable.
            value: Its value.

        Returns:
            The line.
        """
        return f"export {name}={self.quoted(value)}"

    def required(self, name: str, why: str = "is not set") -> str:
        """End the script unless a variable is set.

        Args:
            name: The variable.
            why: What is printed after its name.

        Returns:
            The line.
        """
        return f': "${{{name}:?{why}}}"'

    def unset(self, name: str) -> str:
        """Remove a variable.

        Args:
            name: The variable.

        Returns:
            The line.
        """
        return f"unset {name}"

    def stop(self, message: str) -> str:
        """End the script.

        Args:
            message: What is printed on stderr.

        Returns:
            The line.
        """
        return f"echo {shlex.quote(message)} >&2; exit 2"

    def shown(self, value: Value) -> str:
        """Return a text for a comment.

        Args:
            value: The text.

        Returns:
            The text, with variables as the shell writes them.
        """
        return "".join(
            piece if isinstance(piece, str) else self._in_quotes(piece, "")
            for piece in value.pieces()
        )

    def new_folder(self, folder: Value) -> str:
        """Create a folder unless there is one.

        Args:
            folder: The folder.

        Returns:
            The line.
        """
        return f"mkdir -p {self.quoted(folder)}"

    def asked(self, name: str, question: str, *, exports: bool = False) -> str:
        """Ask for the value of a variable.

        Args:
            name: The variable.
            question: The question.
            exports: Whether it is a variable of the environment.

        Returns:
            The line.
        """
        line = f"read -rp {shlex.quote(f'{question}: ')} {name}"
        return f"{line} && export {name}" if exports else line

    def folder_change(self, folder: Value) -> str:
        """Change the working folder.

        Args:
            folder: The folder.

        Returns:
            The line.
        """
        return f"cd {self.quoted(folder)}"

    def pipe(self, sql: str | None) -> Pipe:
        """Run a query with the tool that the variable `SQL_TOOL` names.

        Args:
            sql: The query, if it is known.

        Returns:
            The pipe.
        """
        if sql is None:
            return Pipe(f"$SQL_TOOL < {_QUERY_FILE} | ", file=_QUERY_FILE)
        return Pipe("$SQL_TOOL <<'END-OF-QUERY' | ", (*sql.splitlines(), "END-OF-QUERY"))


class Batch:
    """Batch files of Windows; each member is as that of Bash."""

    comment = "rem"
    continuation = " ^"
    start: tuple[str, ...] = ("@echo off", "setlocal disabledelayedexpansion")
    on_failure = " || exit /b"
    folder = "%~dp0"
    options: tuple[str, ...] = ()
    own_folder: tuple[Atom, ...] = (Code("%~dp0"),)
    folder_line: str | None = None
    separator = "\\"

    def quoted(self, value: Value) -> str:
        """Quote an argument."""
        pieces = value.pieces()
        plain = value.plain
        if _SAFE.fullmatch(plain) and all(isinstance(piece, str) for piece in pieces):
            return plain
        text = self._text(value)
        # Before a quotation mark, programs take two backslashes as one.
        text = re.sub(r'(\\*)"', r'\1\1""', text)
        if plain.endswith(self.folder):  # Its value ends with a backslash.
            return f'"{text}."'
        backslashes = len(plain) - len(plain.rstrip("\\"))
        return f'"{text}{chr(92) * backslashes}"'

    def _text(self, value: Value) -> str:
        return "".join(map(self._in_quotes, value.pieces()))

    @staticmethod
    def _in_quotes(piece: Piece) -> str:
        match piece:
            case Outer(name) if name.isdigit():
                return f"%~{name}"
            case Variable(name) | Outer(name):
                return f"%{name}%"
            case Code(code):
                return code
            case _:
                return piece.replace("%", "%%")

    def assignment(self, name: str, value: Value) -> str:
        """Set a variable."""
        return f'set "{name}={self._text(value)}"'

    def exported(self, name: str, value: Value) -> str:
        """Set a variable of the environment, as any variable is there."""
        return self.assignment(name, value)

    def required(self, name: str, why: str = "is not set") -> str:
        """End the script unless a variable is set."""
        return f"if not defined {name} (echo {name} {why}.& exit /b 2)"

    def unset(self, name: str) -> str:
        """Remove a variable."""
        return f'set "{name}="'

    def stop(self, message: str) -> str:
        """End the script."""
        return f"echo {message} 1>&2 & exit /b 2"

    def shown(self, value: Value) -> str:
        """Return a text for a comment."""
        return self._text(value)

    def new_folder(self, folder: Value) -> str:
        """Create a folder unless there is one."""
        text = self._text(folder)
        return f'if not exist "{text}" mkdir "{text}"'

    def asked(self, name: str, question: str, *, exports: bool = False) -> str:  # noqa: ARG002
        """Ask for the value of a variable."""
        shown = question.replace("%", "%%").replace('"', "'")
        return f'set /p "{name}={shown}: "'

    def folder_change(self, folder: Value) -> str:
        """Change the working folder."""
        return f'cd /d "{self._text(folder)}"{self.on_failure}'

    def pipe(self, sql: str | None) -> Pipe:  # noqa: ARG002
        """Run a query with the tool that the variable `SQL_TOOL` names."""
        return Pipe(f"%SQL_TOOL% < {_QUERY_FILE} | ", file=_QUERY_FILE)


Shell: TypeAlias = "Bash | Batch"


def wrapped(before: str, words: list[str], suffix: str, continuation: str) -> list[str]:
    """Break a long command before its options.

    Args:
        before: What precedes the command.
        words: Its words.
        suffix: What follows it.
        continuation: What ends a line that continues on the next one.

    Returns:
        The lines.
    """
    line = before + " ".join(words) + suffix
    if len(line) <= _WIDTH or "<<" in before:
        return [line]
    groups: list[str] = []
    for word in words:
        if groups and not word.startswith("--"):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    lines = [before + groups[0]]
    for group in groups[1:]:
        if len(lines[-1]) + len(group) < _WIDTH - 10:
            lines[-1] += f" {group}"
        else:
            lines.append(f"    {group}")
    lines[-1] += suffix
    return [*(line + continuation for line in lines[:-1]), lines[-1]]


def commented(text: str, start: str, indent: str) -> list[str]:
    """Return a text as lines of comments.

    Args:
        text: The text.
        start: What a comment begins with.
        indent: What its lines after the first begin with.

    Returns:
        The lines.
    """
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"{start} ",
        subsequent_indent=f"{start} {indent}",
        break_long_words=False,
        break_on_hyphens=False,
    )
