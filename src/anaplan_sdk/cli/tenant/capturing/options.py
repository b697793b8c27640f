"""What a capture is asked for, and what it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Data: TypeAlias = Literal["none", "sample", "all"]
FileFormat: TypeAlias = Literal["yaml", "json"]
ShowProgress: TypeAlias = Callable[[str], None]


def _ignore(_text: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class CaptureOptions:
    """What a capture is asked for.

    Attributes:
        data: Which items and cells are captured: none, those of a sample, or all.
        anonymise: Whether people, items, texts, numbers and dates are replaced.
        sample_items: The number of items of each list in a sample.
        file_format: The format of the tenant file.
        show: Called with a line for each object that is read.
    """

    data: Data = "sample"
    anonymise: bool = True
    sample_items: int = 100
    file_format: FileFormat = "yaml"
    show: ShowProgress = field(default=_ignore, compare=False)


@dataclass(frozen=True)
class Note:
    """Something that a person should know about an object of the capture.

    Attributes:
        place: The object, such as `import Airports from airports.csv`.
        text: What is to be known.
    """

    place: str
    text: str


@dataclass
class CaptureReport:
    """What a capture read, skipped and guessed.

    Attributes:
        folder: The folder of the capture.
        tenant_file: The tenant file.
        read: How many objects of each kind were read.
        skipped: What was left out or approximated.
        guessed: What was guessed, which the tenant file has in `confirm`, too.
    """

    folder: Path
    tenant_file: Path
    read: dict[str, int] = field(default_factory=dict[str, int])
    skipped: list[Note] = field(default_factory=list[Note])
    guessed: list[Note] = field(default_factory=list[Note])

    def count(self, kind: str, number: int = 1) -> None:
        """Add to the number of objects of a kind that were read.

        Args:
            kind: The kind, in the plural.
            number: How many.
        """
        self.read[kind] = self.read.get(kind, 0) + number

    def skip(self, place: str, text: str) -> None:
        """Report that something was left out or approximated.

        Args:
            place: The object.
            text: What and why.
        """
        note = Note(place, text)
        if note not in self.skipped:
            self.skipped.append(note)

    def guess(self, place: str, text: str) -> str:
        """Report that something was guessed.

        Args:
            place: The object.
            text: What and why.

        Returns:
            The text, for the object's `confirm`.
        """
        self.guessed.append(Note(place, text))
        return text
