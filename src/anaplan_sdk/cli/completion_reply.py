"""The reply to a shell that asks for completions, with the scripts of `completion`."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable
from contextlib import redirect_stderr
from typing import NamedTuple

from typer._click.shell_completion import CompletionItem, ShellComplete

from anaplan_sdk.cli.command_groups import Group

# What bash does with COMP_TYPE: it only lists the completions.
_LISTING = "63"


def print_completions(shell: str, root: Group) -> int:
    """Print the completions of the command line that a shell passes in variables.

    Args:
        shell: The shell.
        root: The command `anaplan`.

    Returns:
        The exit code.
    """
    words = _words(os.environ.get("_ANAPLAN_LINE")) if shell == "bash" else None
    listed = os.environ.get("_ANAPLAN_WORDS", "").split("\n") if words is None else words.values
    *before, incomplete = listed[1:] or [""]
    if shell in ("zsh", "fish"):
        # These pass the last word as it was typed.
        incomplete = _words(incomplete).values[-1]
    with open(os.devnull, "r+", encoding="utf-8") as nothing, redirect_stderr(nothing):  # noqa: PTH123
        stdin, sys.stdin = sys.stdin, nothing  # So that the SDK finds nobody to ask.
        try:
            found = _found(root, before, incomplete)
        except Exception:  # noqa: BLE001 - an error would be printed into what is being typed
            found = []
        finally:
            sys.stdin = stdin
    if words is None:
        # Of an option with its value, fish expects both.
        option = _option(incomplete) if shell == "fish" else ""
        lines = [f"{option}{each.value}\t{_line(each.help)}" for each in found]
    elif os.environ.get("_ANAPLAN_LISTING") == _LISTING:
        lines = _listing(found)
    else:
        part = os.environ.get("_ANAPLAN_WORD", "")
        lines = [words.replacement(_option(incomplete) + each.value, part) for each in found]
    sys.stdout.flush()
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    sys.stdout.buffer.flush()
    return 0


def _found(root: Group, before: list[str], incomplete: str) -> list[CompletionItem]:
    items = _Completions(root, {}, "anaplan", "").get_completions(before, incomplete)
    distinct = {str(each.value): each for each in items if each.type == "plain"}
    return [each for value, each in distinct.items() if value.isprintable()]


class _Completions(ShellComplete):
    """Finds completions; what it would need to speak to a shell is not used."""

    def source_vars(self) -> dict[str, object]:
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        return [], ""

    def format_completion(self, item: CompletionItem) -> str:
        return str(item.value)


class _Words(NamedTuple):
    """A command line of bash, up to the cursor.

    Attributes:
        values: The words without their quotes.
        quote: The quote that is open at the end, or an empty text.
    """

    values: list[str]
    quote: str

    def replacement(self, value: str, part: str) -> str:
        """Return what readline is to insert.

        Args:
            value: The completed word.
            part: What readline replaces: the end of the last word as it was typed, from an opening
                quote or from a character that separates words for readline, such as a colon.

        Returns:
            The end of the completed word, quoted as it must be at this place.
        """
        replaced = _unquoted(part, self.quote)
        kept = len(self.values[-1]) - len(replaced)
        text = value[max(kept, 0) :]
        if self.quote == "'":
            return text.replace("'", r"'\''")
        special = r'([\\"$`])' if self.quote else r"([^\w./,:=+%@\-])"
        return re.sub(special, r"\\\1", text)


def _words(line: str | None) -> _Words:
    values: list[str] = []
    quote, position = "", 0
    text = line or ""
    # A word: parts that are quoted, escaped, or neither; the last quote may be open.
    for match in re.finditer(
        r"""(?:'[^']*(?:'|$)|"(?:\\.|[^"\\])*\\?(?:"|$)|\\.?|[^\s'"\\])+""", text
    ):
        quote = _open_quote(match[0])
        values.append(_unquoted(match[0] + quote, ""))
        position = match.end()
    if position < len(text) or not values:
        values, quote = [*values, ""], ""
    return _Words(values, quote)


def _open_quote(word: str) -> str:
    rest = re.sub(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", "", word)
    found = re.search("['\"]", rest)
    return found[0] if found else ""


def _unquoted(text: str, quote: str) -> str:
    """Return a part of a word without its quotes and escapes, in an open quote or outside."""
    if quote == "'":
        return text
    if quote:
        return re.sub(r'\\([\\"$`])', r"\1", text)
    try:
        return "".join(shlex.split(text))
    except ValueError:  # It ends with a backslash.
        return text


def _option(incomplete: str) -> str:
    return incomplete[: incomplete.index("=") + 1] if re.match(r"--?\w[\w-]*=", incomplete) else ""


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _listing(found: Iterable[CompletionItem]) -> list[str]:
    """Return names with descriptions, each in a line of the terminal."""
    described = [(str(each.value), _line(each.help)) for each in found]
    width = max((len(value) for value, _ in described), default=0)
    columns = int(os.environ.get("COLUMNS") or 80) - 1
    return [f"{value:<{width}}  {text}".rstrip()[:columns] for value, text in described]
