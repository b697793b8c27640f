"""Texts of a script, which remember the variables that they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

# Code that contains no secret: a part of a variable, a date, or the name of a file or folder.
_HARMLESS = re.compile(
    r"""\$\{\w+(?:(?:\#\#?|%%?)[*?./_:-]*\w{0,4}[*?./_:-]*|:[\d:-]+|\^\^?|,,?)\}|\$[@*#?$!\d-]
    |\$\((?:date|dirname|basename|pwd|hostname|whoami)(?:[^|;&$()`<>]|\$\{?\w+(?:\[0\])?\}?)*\)
    |\$\(cd\ "?\$\(dirname\ [-"\ ]*\$\{?\w+(?:\[0\])?\}?"?\)"?\ &&\ pwd(?:\ -P)?\)
    |%~[a-zA-Z]*\d|%\*|%%~?\w+|%[\w()\ ]+:~[\d,\ -]+%""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Start:
    """Where the value of a variable begins in a text."""

    name: str


@dataclass(frozen=True)
class End:
    """Where the value of a variable ends in a text."""

    name: str


@dataclass(frozen=True)
class Outer:
    """A variable that the script does not set: of the environment, an argument, or of a loop."""

    name: str


@dataclass(frozen=True)
class Code:
    """What only a shell can evaluate, such as `$(date +%F)`.

    Attributes:
        code: The code.
        uses: The variables of the script that it reads, with their values.
    """

    code: str
    uses: tuple[tuple[str, Value], ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether it may be shown: other code can contain a secret."""
        return _HARMLESS.fullmatch(self.code) is not None


# A text is a sequence of characters and of these.
Atom: TypeAlias = "str | Start | End | Outer | Code"


@dataclass(frozen=True)
class Variable:
    """A variable of the script, as a part of an argument."""

    name: str
    value: Value


# An argument is a sequence of texts and of these.
Piece: TypeAlias = "str | Variable | Outer | Code"


@dataclass(frozen=True)
class Value:
    """A text of a script.

    Attributes:
        atoms: Its characters, and the marks between them.
    """

    atoms: tuple[Atom, ...] = ()

    @staticmethod
    def of(*parts: str | Value) -> Value:
        """Join texts.

        Args:
            *parts: The texts.

        Returns:
            The joined text.
        """
        atoms: list[Atom] = []
        for part in parts:
            atoms += part.atoms if isinstance(part, Value) else part
        return Value(tuple(atoms))

    @staticmethod
    def variable(name: str, value: Value) -> Value:
        """Mark a text as the value of a variable.

        Args:
            name: The variable.
            value: Its value.

        Returns:
            The marked text.
        """
        return Value((Start(name), *value.atoms, End(name)))

    def __bool__(self) -> bool:
        return any(not isinstance(atom, Start | End) for atom in self.atoms)

    @property
    def plain(self) -> str:
        """The text with variables replaced by their values, as far as these are known."""
        return "".join(_plain(atom) for atom in self.atoms)

    @property
    def is_known(self) -> bool:
        """Whether the text is known without running the script."""
        return not any(isinstance(atom, Outer | Code) for atom in self.atoms)

    @property
    def is_outer(self) -> bool:
        """Whether the text consists of variables only that the script does not set."""
        atoms = [atom for atom in self.atoms if not isinstance(atom, Start | End)]
        return bool(atoms) and all(isinstance(atom, Outer) for atom in atoms)

    def partition(self, separator: str, minimum: int = 0) -> tuple[Value, Value | None]:
        """Split the text at a character.

        Args:
            separator: The character.
            minimum: How many characters are before it, at least.

        Returns:
            The text before it, and the text after it; None if there is no such character.
        """
        count = 0
        for i, atom in enumerate(self.atoms):
            if atom == separator and count >= minimum:
                return Value(self.atoms[:i]), Value(self.atoms[i + 1 :])
            count += not isinstance(atom, Start | End)
        return self, None

    def split(self, separator: str) -> list[Value]:
        """Split the text at every occurrence of a character.

        Args:
            separator: The character.

        Returns:
            The parts.
        """
        parts: list[Value] = []
        rest = self
        while True:
            part, after = rest.partition(separator)
            parts.append(part)
            if after is None:
                return parts
            rest = after

    def expanded(self) -> Value:
        """Return the text without reference to the script's own variables.

        Returns:
            The text.
        """
        return Value(tuple(atom for atom in self.atoms if not isinstance(atom, Start | End)))

    def literals(self) -> list[str]:
        """Return the parts that the script itself contains.

        Returns:
            The texts between variables of the environment and code.
        """
        parts = [atom if isinstance(atom, str) else "\0" for atom in self.expanded().atoms]
        return list(filter(None, "".join(parts).split("\0")))

    def pieces(self) -> list[Piece]:
        """Return the parts: a variable wherever the text contains all of its value.

        Returns:
            The parts.
        """
        return list(_pieces(self.atoms))


def _plain(atom: Atom) -> str:
    match atom:
        case str():
            return atom
        case Outer(name):
            return f"${name}"
        case Code(code):
            return code
        case _:
            return ""


def _pieces(atoms: tuple[Atom, ...]) -> Iterator[Piece]:
    text = ""
    i = 0
    while i < len(atoms):
        atom = atoms[i]
        found: Piece | None = None
        if isinstance(atom, str):
            text += atom
        elif isinstance(atom, Start):
            end = _end(atoms, i)
            if end is not None:
                found = Variable(atom.name, Value(atoms[i + 1 : end]))
                i = end
        elif isinstance(atom, Outer | Code):
            found = atom
        if found is not None:
            if text:
                yield text
            text = ""
            yield found
        i += 1
    if text:
        yield text


def _end(atoms: tuple[Atom, ...], start: int) -> int | None:
    """Return where the value ends that begins at an index; None if only a part is in the text."""
    depth = 0
    for i in range(start, len(atoms)):
        if isinstance(atoms[i], Start):
            depth += 1
        elif isinstance(atoms[i], End):
            depth -= 1
            if depth == 0:
                return i
    return None


def split_quoted(value: Value, quotes: str) -> list[Value]:
    """Split a text into words at whitespace outside quotes, and remove the quotes.

    Args:
        value: The text.
        quotes: The characters that quote.

    Returns:
        The words.
    """
    words: list[list[Atom]] = []
    word: list[Atom] | None = None
    pending: list[Atom] = []  # Marks before a word; a value may begin with whitespace.
    quote = ""
    for i, atom in enumerate(value.atoms):
        if isinstance(atom, Start | End):
            (pending if word is None else word).append(atom)
        elif isinstance(atom, str) and not quote and atom.isspace():
            word = None
        elif quote and atom == quote:
            quote = ""
        else:
            if word is None:
                word = pending
                pending = []
                words.append(word)
            if (
                isinstance(atom, str)
                and not quote
                and atom in quotes
                and atom in value.atoms[i + 1 :]
            ):
                quote = atom
            else:
                word.append(atom)
    return [Value(_trimmed(each)) for each in words]


def _trimmed(atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    """Drop the ends of values that have begun in an earlier word."""
    found: list[Atom] = []
    depth = 0
    for atom in atoms:
        if isinstance(atom, End) and depth == 0:
            continue
        depth += isinstance(atom, Start) - isinstance(atom, End)
        found.append(atom)
    return tuple(found)
