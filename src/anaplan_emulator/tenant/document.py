"""The content of a tenant's file: JSON, YAML or TOML, with the positions of what is in it."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anaplan_emulator.tenant.file_names import YAML_SUFFIXES
from anaplan_emulator.tenant.problems import TenantError, TenantProblem

if TYPE_CHECKING:
    from anaplan_emulator.tenant.yaml_syntax import YamlPositions

# More values than this come from aliases within aliases, not from a person.
_MOST_VALUES = 5_000_000
_DEEPEST = 100
_LARGEST_FILE = 500_000_000
# It would take long to find positions in more text.
_LONGEST_WITH_POSITIONS = 2_000_000
_MOST_LISTED = 100
_LONGEST_SHOWN = 100
_MOVE_DATA = "Move items and cells to files of data (items_file and cells_file)."
_SYNTAX = {
    "JSON": "",
    "TOML": "",
    "YAML": "Texts with a colon, a # or special characters are written in quotes, "
    "and lines are indented by spaces, not by tabs.",
}


@dataclass
class Document:
    """A file that was read.

    Attributes:
        content: Its content, as JSON has it.
        text: Its text.
        syntax: `JSON`, `YAML` or `TOML`.
    """

    content: object
    text: str
    syntax: str

    def position(self, location: Sequence[str | int], *, key: bool) -> tuple[int, int] | None:
        """Find a place in the text.

        Args:
            location: The place. If it is not in the file, the innermost object around it is found.
            key: Whether the position of a member's name is returned instead of its value's.

        Returns:
            The line and the column, from 1; None if they can't be known.
        """
        if self._positions is None:
            return None
        return self._positions.find(location, key=key)

    @cached_property
    def _positions(self) -> "YamlPositions | None":
        # JSON is YAML as well, except for texts that few people write.
        if self.syntax == "TOML" or len(self.text) > _LONGEST_WITH_POSITIONS:
            return None
        from anaplan_emulator.tenant.yaml_syntax import YamlPositions

        return YamlPositions(self.text)


def read_document(path: Path) -> Document:
    """Read a file.

    Args:
        path: The file: TOML or YAML by its suffix, otherwise JSON.

    Returns:
        The document.

    Raises:
        TenantError: The file can't be read, or its syntax is not valid.
    """
    try:
        with path.open("rb") as file:
            # A device such as /dev/zero has no end.
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            reason = f"the file is larger than {_LARGEST_FILE // 1_000_000} MB"
            raise document_error(path, TenantProblem("", reason, _MOVE_DATA))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise document_error(
            path, TenantProblem("", "the file is not UTF-8", "Save it in this encoding.")
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TenantError(f"{path}: {reason}", [TenantProblem("", reason)]) from error
    suffix = path.suffix.lower()
    syntax = "TOML" if suffix == ".toml" else "YAML" if suffix in YAML_SUFFIXES else "JSON"
    try:
        return parse_document(text, syntax)
    except TenantError as error:
        raise document_error(path, *error.problems) from error


def parse_document(text: str, syntax: str) -> Document:
    """Parse a text.

    Args:
        text: The text.
        syntax: `JSON`, `YAML` or `TOML`.

    Returns:
        The document.

    Raises:
        TenantError: The syntax is not valid, or a member is there twice.
    """
    parse = {"JSON": _parse_json, "YAML": _parse_yaml, "TOML": _parse_toml}[syntax]
    try:
        content = parse(text)
        _check_size(content)
    except TenantError:
        raise
    except ValueError as error:
        # Numbers with thousands of digits; errors of syntax have been handled.
        raise _syntax_error(syntax, "a number has too many digits", None, None) from error
    except RecursionError as error:
        problem = TenantProblem("", "the file is nested too deeply")
        raise document_error(None, problem) from error
    return Document(content, text, syntax)


def document_error(path: Path | None, *problems: TenantProblem) -> TenantError:
    """Return the error for the problems of a file.

    Args:
        path: The file; None for the default tenant or one without a file.
        problems: The problems.

    Returns:
        The error, to be raised.
    """
    heading = f"{path}:" if path is not None else "the tenant is not valid:"
    lines = [heading, *map(str, problems[:_MOST_LISTED])]
    if len(problems) > _MOST_LISTED:
        lines.append(f"and {len(problems) - _MOST_LISTED:,} more")
    return TenantError("\n  ".join(lines), problems)


def _parse_json(text: str) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        for name, value in pairs:
            if name in members:
                raise _DuplicateError(name)
            members[name] = value
        return members

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise _syntax_error("JSON", error.msg, error.lineno, error.colno) from error
    except _DuplicateError as error:
        # The hook does not know positions; the parser of YAML does.
        try:
            _parse_yaml(text, "JSON")
        except TenantError as found:
            raise found from error
        raise _syntax_error("JSON", _duplicate(error.name), None, None) from error


class _DuplicateError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _duplicate(name: str) -> str:
    return f"the member {name!r} is there twice"


def _parse_yaml(text: str, syntax: str = "YAML") -> object:
    # The parser is imported only for those who need it: starts of the emulator are frequent.
    from anaplan_emulator.tenant.yaml_syntax import YamlSyntaxError, load_yaml

    try:
        return load_yaml(text)
    except YamlSyntaxError as error:
        reason = error.reason if error.member is None else _duplicate(error.member)
        hint = "" if error.member is None else "Remove one of them."
        raise _syntax_error(syntax, reason, error.line, error.column, hint) from error


def _parse_toml(text: str) -> object:
    try:
        return _with_texts(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error("TOML", str(error), None, None) from error


def _with_texts(value: object) -> object:
    """Write dates as texts, as the other syntaxes have them."""
    if isinstance(value, dict):
        return {name: _with_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_texts(each) for each in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def _syntax_error(
    syntax: str, reason: str, line: int | None, column: int | None, hint: str = ""
) -> TenantError:
    problem = TenantProblem(
        "", f"not valid {syntax}: {reason}", hint or _SYNTAX[syntax], line, column
    )
    return document_error(None, problem)


def _check_text(text: str) -> None:
    """Refuse halves of characters, which only escapes can make."""
    try:
        text.encode()
    except UnicodeEncodeError:
        problem = TenantProblem(
            "",
            f"the text {text[:_LONGEST_SHOWN]!r} has half of a character that takes two escapes",
            "Write the character itself.",
        )
        raise document_error(None, problem) from None


def _check_size(content: object) -> None:
    """Refuse aliases of YAML that contain themselves or stand for too much, and what is no text."""
    sizes: dict[int, int] = {}

    def size(value: object, depth: int) -> int:
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict):
            for name in value:
                _check_text(str(name))
        children = (
            list(value.values())
            if isinstance(value, dict)
            else value
            if isinstance(value, list)
            else ()
        )
        if not children:
            return 1
        if depth > _DEEPEST:
            raise document_error(None, TenantProblem("", "the file is nested too deeply"))
        if id(value) not in sizes:
            sizes[id(value)] = 1 + sum(size(each, depth + 1) for each in children)
        return sizes[id(value)]

    if size(content, 0) > _MOST_VALUES:
        raise document_error(
            None,
            TenantProblem(
                "",
                f"the file has more than {_MOST_VALUES:,} values",
                _MOVE_DATA,
            ),
        )
