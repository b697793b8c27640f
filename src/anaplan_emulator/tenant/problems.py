"""Problems of a tenant's description: where they are, what is wrong, and what to write instead."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

Location = tuple[str | int, ...]
"""The members and positions that lead to a value, from the root of a description."""

DID_YOU_MEAN = "Did you mean"
"""How a suggestion of something that is spelled alike begins."""

_MOST_ALTERNATIVES = 8
_NEARLY_THE_SAME = 0.9
# It takes long to find what is spelled alike among more names.
_MOST_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class TenantProblem:
    """A mistake in a tenant's file, or in a file of data beside it.

    Attributes:
        place: Where it is in the tenant's file, such as `workspaces[0].models[0].lists[1].parent`;
            empty for the file as a whole.
        message: What is wrong.
        hint: What to write instead; empty if that can't be said.
        line: The line of the file, from 1; None if it is not known, as in TOML.
        column: The column in the line, from 1, likewise.
        object: The object that it is about, such as `list 'Products' of model 'Sales'`.
        file: The file of data in which it is; empty for the tenant's file.
    """

    place: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    object: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = [self.place] if self.place else []
        if self.file:
            where.append(f"{self.file}{'' if self.line is None else f' line {self.line}'}")
        elif self.line is not None:
            where.append(f"line {self.line}")
        start = f"{', '.join(where)}: " if where else ""
        return f"{start}{self.message}{f'. {self.hint}' if self.hint else ''}"


class TenantError(Exception):
    """A tenant's description cannot be read, or contradicts itself.

    Args:
        message: The text.
        problems: All mistakes that were found.

    Attributes:
        problems: All mistakes that were found, in the order of the file. It is empty if the
            mistake was only found while the tenant was loaded.
    """

    def __init__(self, message: str, problems: Sequence[TenantProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class Mistake(ValueError):
    """A mistake within one object, which does not depend on others.

    Args:
        message: What is wrong.
        hint: What to write instead.
        member: The member that is wrong, if it is one.
    """

    def __init__(self, message: str, hint: str = "", member: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message = message
        self.hint = hint
        self.member = member


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake before its position in the file is known.

    Attributes:
        location: Where it is.
        message: What is wrong.
        hint: What to write instead.
        sought_in: Where something with `name` was sought. An object there that could not be read
            may be the one.
        name: The name that was sought; empty for any.
        file: The file of data in which it is.
        line: The line of that file.
    """

    location: Location
    message: str
    hint: str = ""
    sought_in: tuple[Location, ...] = ()
    name: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        hint = f". {self.hint}" if self.hint else ""
        return f"{place_of(self.location)}: {self.message}{hint}"

    @property
    def is_misspelt(self) -> bool:
        """Whether the hint suggests a name that is nearly the same."""
        meant = self.hint.removeprefix(f"{DID_YOU_MEAN} '").removesuffix("'?")
        alike = difflib.SequenceMatcher(None, self.name.casefold(), meant.casefold()).ratio()
        return self.hint.startswith(DID_YOU_MEAN) and alike >= _NEARLY_THE_SAME


@dataclass
class Checks:
    """Collects the mistakes of a description.

    Attributes:
        findings: The mistakes.
    """

    findings: list[Finding] = field(default_factory=list)

    def add(self, location: Location, message: str, hint: str = "") -> None:
        """Add a mistake.

        Args:
            location: Where it is.
            message: What is wrong.
            hint: What to write instead.
        """
        self.findings.append(Finding(location, message, hint))

    def doubt(self, location: Location, message: str, *sought_in: Location, hint: str = "") -> None:
        """Add a mistake that may follow from objects that could not be read.

        Args:
            location: Where it is.
            message: What is wrong.
            *sought_in: Where those objects would be.
            hint: What to write instead.
        """
        self.findings.append(Finding(location, message, hint, sought_in))

    def known(
        self,
        kind: str,
        name: str,
        known: Collection[str],
        location: Location,
        *sought_in: Location,
    ) -> bool:
        """Check that a name refers to something.

        Args:
            kind: What is named.
            name: The name.
            known: All names.
            location: Where the name is.
            *sought_in: Where the named objects are described.

        Returns:
            Whether it does.
        """
        if name in known:
            return True
        message = f"no {kind} is called {name!r}"
        hint = suggestion(name, known) or f"None is described: add it, or remove {name!r}."
        self.findings.append(Finding(location, message, hint, sought_in, name))
        return False

    def known_user(self, email: str, emails: Collection[str], location: Location) -> None:
        """Check that an e-mail address is one of the users'.

        Args:
            email: The address.
            emails: All addresses.
            location: Where the address is.
        """
        if email not in emails:
            message = f"{email!r} is not one of the users"
            hint = suggestion(email, emails)
            self.findings.append(Finding(location, message, hint, (("users",),), email))

    def distinct(self, kind: str, names: Iterable[tuple[str, Location]]) -> None:
        """Check that names are distinct, ignoring their case.

        Args:
            kind: What is named.
            names: The names, with their locations.
        """
        self._distinct(f"each {kind} needs a name of its own", names)

    def distinct_ids(self, kind: str, ids: Iterable[tuple[str, Location]]) -> None:
        """Check that the ids that are given are distinct; "" stands for none.

        Args:
            kind: What has the ids.
            ids: The ids, with their locations.
        """
        given = ((each, location) for each, location in ids if each)
        self._distinct(f"each {kind} needs an id of its own", given)

    def _distinct(self, message: str, values: Iterable[tuple[str, Location]]) -> None:
        first: dict[str, Location] = {}
        for value, location in values:
            before = first.setdefault(value.lower(), location)
            if before is not location:
                self.add(location, f"{message}: {value!r} is used by {place_of(before)}")


def place_of(location: Location) -> str:
    """Return a location as it is shown.

    Args:
        location: The location.

    Returns:
        The text, such as `workspaces[0].name`.
    """
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f"[{step!r}]"
    return text


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return what may have been meant by a name that is not known.

    Args:
        name: The name.
        known: All names.

    Returns:
        The text, which is empty if there is nothing to suggest.
    """
    names = list(dict.fromkeys(known))
    by_case = {each.casefold(): each for each in names}
    close = [name.casefold()] if name.casefold() in by_case else []
    if not close and len(names) <= _MOST_COMPARED:
        close = difflib.get_close_matches(name.casefold(), by_case, n=1, cutoff=0.6)
    if close:
        return f"{DID_YOU_MEAN} {by_case[close[0]]!r}?"
    return alternatives(names)


def alternatives(names: Sequence[str]) -> str:
    """List the names that can be written.

    Args:
        names: The names.

    Returns:
        The text, which is empty without names.
    """
    if not names:
        return ""
    shown = ", ".join(map(repr, names[:_MOST_ALTERNATIVES]))
    more = len(names) - _MOST_ALTERNATIVES
    start = "Choose one of" if len(names) > 1 else "There is only"
    return f"{start} {shown}{f' and {more:,} more' if more > 0 else ''}."
