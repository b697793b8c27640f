"""Names and texts in `src` use the field's terms, not the private words of earlier versions."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if "_sync" not in path.parts]

# A part of a name, such as `room` in `make_room`. Legitimate terms, such as `order`, are left out.
NAME_PARTS = {
    "adopt", "adopted", "adopting", "conclude", "contested", "doors", "dressed", "ending", "fate",
    "forget", "forgive", "front", "gate", "heed", "helps", "house", "introduction", "misfits",
    "overdue", "pace", "presence", "room", "rooms", "strike", "suggesting", "tells", "told",
    "trail", "trip", "turns", "unbroken", "unclear", "whoever", "world",
}  # fmt: skip
PHRASES = re.compile(
    r"\b(?:told|tells|rooms?|fate|heeds?|whoever|whosever|isn't one|of no kind|so many)\b",
    re.IGNORECASE,
)


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names(code: str) -> Iterator[str]:
    """The names that a module defines: of functions, classes, parameters, variables, attributes."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def private_words(name: str) -> set[str]:
    return NAME_PARTS & {part.lower() for part in re.findall(r"[a-z]+|[A-Z][a-z]*", name)}


def phrases(code: str) -> Iterator[str]:
    """The private phrases in comments and strings."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            for found in PHRASES.finditer(token.string):
                yield f"line {token.start[0]}: {found[0]}"


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_names_and_texts_are_plain(path: Path) -> None:
    found = [name for name in (path.stem, *names(text_of(path))) if private_words(name)]
    assert [*found, *phrases(text_of(path))] == []


def test_private_words_are_found() -> None:
    code = 'class Room:\n    def is_told(self, trip): ...  # whoever asks\n    fate = "so many"\n'
    assert [name for name in names(code) if private_words(name)] == [
        "Room",
        "is_told",
        "fate",
        "trip",
    ]
    assert list(phrases(code)) == ["line 2: whoever", "line 3: so many"]
