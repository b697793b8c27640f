"""What checking a table against an import has found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from anaplan_sdk._arrow import ArrowStream


class CheckReason(StrEnum):
    """Why a column, or some of its values, would not be imported as they are."""

    MISSING_COLUMN = "missing column"
    UNEXPECTED_COLUMN = "unexpected column"
    REPEATED_COLUMN = "repeated column"
    COLUMN_ORDER = "other order of columns"
    TYPE = "type without values in Anaplan"
    NOT_WRITABLE = "cannot be written"
    NOT_A_NUMBER = "not a number"
    NOT_A_BOOLEAN = "not a boolean"
    NOT_A_DATE = "not a date"
    NOT_A_MEMBER = "not a member of the list"
    EMPTY = "empty dimension"
    ROUNDED = "rounded"


@dataclass(frozen=True)
class CheckProblem:
    """A problem of one column.

    Attributes:
        column: The column, by its name in the table; a missing one by its name in the file.
        reason: Why it is a problem.
        count: The number of rows that have it; 0 if it is a problem of the column.
        rows: The indexes of the first of these rows, from 0, at most 10.
        examples: The first different values, as texts, at most 10.
        target: What the column is imported into, such as `line item 'Price' of module 'Sales'`;
            None if that does not matter.
        is_inferred: Whether it rests on what is inferred from the import's name: the import may
            read the column into something else, or not at all.
        message: The reason in full.
    """

    column: str
    reason: CheckReason
    count: int = 0
    rows: tuple[int, ...] = ()
    examples: tuple[str, ...] = ()
    target: str | None = None
    is_inferred: bool = False
    message: str = ""

    def __str__(self) -> str:
        text = f"{self.column!r}: {self.message or self.reason.value}"
        if self.examples:
            text += f": {', '.join(map(repr, self.examples))}"
        if self.count:
            first = ", ".join(f"{row:,}" for row in self.rows)
            more = ", …" if self.count > len(self.rows) else ""
            text += f"; {self.count:,} {'row' if self.count == 1 else 'rows'}: {first}{more}"
        return f"{text} (inferred from the import's name)" if self.is_inferred else text


@dataclass(frozen=True)
class CheckTarget:
    """The module or list that an import is checked against.

    Attributes:
        kind: "module" or "list".
        id: Its id.
        name: Its name.
        is_inferred: Whether it is inferred from the import's name, and not named by the caller.
    """

    kind: str
    id: str
    name: str
    is_inferred: bool


@dataclass(frozen=True)
class CheckedTable(ABC):
    """What checking a table against an import has found. Nothing was changed at Anaplan.

    Attributes:
        import_id: The import.
        import_name: Its name.
        rows: The number of rows of the table.
        refused: The number of rows that have a problem.
        problems: The problems, each of one column and one reason.
        unchecked: The columns whose values were not checked against anything, each with the reason.
        target: The module or list that the columns were compared with; None if it is unknown.
    """

    import_id: str
    import_name: str
    rows: int
    refused: int
    problems: tuple[CheckProblem, ...] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict[str, str])
    target: CheckTarget | None = None

    @property
    def ok(self) -> bool:
        """Whether there are no problems."""
        return not self.problems

    @property
    def certain(self) -> tuple[CheckProblem, ...]:
        """The problems that do not rest on what is inferred from the import's name."""
        return tuple(each for each in self.problems if not each.is_inferred)

    def __str__(self) -> str:
        target = ""
        if self.target is not None:
            inferred = ", inferred from its name" if self.target.is_inferred else ""
            target = f" into the {self.target.kind} {self.target.name!r}{inferred}"
        found = f"{self.refused:,} of them with problems" if self.problems else "no problems found"
        lines = [
            f"Import {self.import_name!r} ({self.import_id}){target}: {self.rows:,} rows, {found}",
            *(f"  {problem}" for problem in self.problems),
        ]
        if self.unchecked:
            lines.append("  Not checked:")
            lines += [f"    {name!r}: {reason}" for name, reason in self.unchecked.items()]
        return "\n".join(lines)

    @abstractmethod
    def to_table(self) -> ArrowStream:
        """Return the problems as a table.

        Returns:
            A row for each problem.
        """
