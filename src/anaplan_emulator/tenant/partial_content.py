"""The part of a file's content that has a valid structure, so that its names can be checked."""

from collections.abc import Iterator, Sequence

from anaplan_emulator.tenant.problems import DID_YOU_MEAN, Finding, Location, place_of, suggestion
from anaplan_emulator.tenant.structural_problems import content_at

_NAMES = ("name", "code", "email", "bucket", "container", "dataset")
_MISSING = object()
_USER = {"password": "-", "first_name": "-", "last_name": "-"}


class PartialContent:
    """The content without what has a mistake.

    Of a mistake the smallest object around it that is an element of a list is left out, such as a
    line item; only of workspaces and models and what is not in a list, the member alone.

    Args:
        content: The content of the file.

    Attributes:
        content: What is left of it.
    """

    def __init__(self, content: object) -> None:
        self._original = content
        self.content = content
        self._dropped: set[Location] = set()
        self._lost: dict[Location, set[str] | None] = {}
        self._positions: dict[Location, list[int]] = {}

    def leave_out(self, locations: Sequence[Location]) -> None:
        """Leave out what has a mistake.

        Args:
            locations: Places of mistakes in what is left.
        """
        before = set(self._dropped)
        for location in locations:
            place = self.original(location)
            unit = self._unit(place)
            # A member that is missing can't be left out, but what lacks it can.
            while unit and (unit in before or not self._has(unit)):
                if unit[-1] in _placeholders(unit[:-1]):
                    break  # It is given a value below.
                unit = unit[:-1]
            self._dropped.add(unit)
            # A name that is not valid says nothing about what was meant.
            self._lose(unit, name_known=not place or place[-1] not in _NAMES)
        self.content = self._copied(self._original, ())

    def original(self, location: Location) -> Location:
        """Return the place in the file of a place in what is left.

        Args:
            location: The place in what is left.

        Returns:
            The place in the file.
        """
        found: Location = ()
        for step in location:
            positions = self._positions.get(found)
            known = positions is not None and isinstance(step, int) and step < len(positions)
            found = (*found, positions[int(step)] if known and positions else step)
        return found

    def hint(self, finding: Finding) -> str:
        """Return what to write instead, which may be the name of something that was left out.

        Args:
            finding: A mistake in what is left.

        Returns:
            The hint.
        """
        if not finding.name or finding.hint.startswith(DID_YOU_MEAN):
            return finding.hint
        names = [name for found in self._lost_from(finding) for name in sorted(found or ())]
        hint = suggestion(finding.name, names)
        return hint if hint.startswith(DID_YOU_MEAN) else finding.hint

    def may_follow(self, finding: Finding) -> bool:
        """Return whether something is unknown only because it was left out.

        Args:
            finding: A mistake in what is left.

        Returns:
            Whether that may be so.
        """
        for names in self._lost_from(finding):
            # Something that is spelled alike is more likely what was meant.
            is_unknown = names is None and not finding.is_misspelt
            if is_unknown or not finding.name or finding.name in (names or ()):
                return True
        return False

    def _lost_from(self, finding: Finding) -> Iterator[set[str] | None]:
        """Yield the names of what was left out where something was sought; None if unknown."""
        for sought_in in finding.sought_in:
            place = self.original(sought_in)
            for location, names in self._lost.items():
                is_there = (
                    _is_element(location[len(place) :]) if _begins(location, place) else False
                )
                if is_there or _begins(place, location):
                    yield names

    def _unit(self, location: Location) -> Location:
        """Return the place of what is left out for a mistake."""
        for end in range(len(location), 0, -1):
            unit = location[:end]
            if not isinstance(unit[-1], int) or _is_container(unit):
                continue
            if isinstance(self._at(unit), dict) or _is_container(unit[:-2]):
                return unit
        return location

    def _at(self, location: Location) -> object:
        return content_at(self._original, location)

    def _has(self, location: Location) -> bool:
        return content_at(self._original, location, _MISSING) is not _MISSING

    def _lose(self, location: Location, *, name_known: bool) -> None:
        """Remember the names of what is left out; None if they are not known."""
        value = self._at(location)
        names: set[str] | None = None
        if isinstance(value, str):
            names = {value}
        elif isinstance(value, dict):
            names = {value[each] for each in _NAMES if isinstance(value.get(each), str)} or None
        if not name_known or (location and isinstance(location[-1], str)):
            names = None
        known = self._lost.get(location, set())
        self._lost[location] = None if names is None or known is None else known | names

    def _copied(self, value: object, at: Location) -> object:
        if isinstance(value, dict):
            left = {
                name: self._copied(each, (*at, name))
                for name, each in value.items()
                if (*at, name) not in self._dropped
            }
            return {**_placeholders(at), **left}
        if isinstance(value, list):
            kept = [n for n in range(len(value)) if (*at, n) not in self._dropped]
            self._positions[at] = kept
            return [self._copied(value[n], (*at, n)) for n in kept]
        return _placeholders(at) if at == () else value


def _placeholders(location: Location) -> dict[str, object]:
    """Return values for what must be there, for objects of which only mistakes are left out."""
    if location == ():
        return {"name": "unnamed", "users": [{"email": "nobody@emulator.invalid", **_USER}]}
    if location[:-1] == ("users",):
        return {"email": f"user{location[-1]}@emulator.invalid", **_USER}
    return {"name": place_of(location)} if _is_named_container(location) else {}


def _is_container(location: Location) -> bool:
    """Return whether of an object at a place only what has a mistake is left out."""
    return location == () or _is_named_container(location) or location[:-1] == ("users",)


def _is_named_container(location: Location) -> bool:
    """Return whether a place is that of a workspace or a model."""
    match location:
        case ("workspaces", int()) | ("workspaces", int(), "models", int()):
            return True
    return False


def _begins(location: Location, start: Location) -> bool:
    return location[: len(start)] == start


def _is_element(steps: Location) -> bool:
    """Return whether steps lead from a list to one of its elements, or to what hides its name."""
    match steps:
        case (
            (int(),)
            | (int(), "name" | "email" | "models")
            | (int(), "models", int())
            | (int(), "models", int(), "name")
        ):
            return True
    return False
