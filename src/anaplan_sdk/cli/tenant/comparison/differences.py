"""Where two replies to the same call differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply, header_facts
from anaplan_sdk.cli.tenant.comparison.shapes import (
    ANY_NAME,
    ROWS,
    Member,
    Place,
    Shape,
    shape_of,
    text_facts,
)
from anaplan_sdk.cli.tenant.comparison.vocabulary import Names

Kind: TypeAlias = Literal[
    "status", "header", "missing", "additional", "type", "value", "order", "rows", "format"
]

NO_ACCESS = frozenset({401, 403, 404, 452})
# They depend on how far work has got.
_STATES = frozenset({"taskState", "requestState"})
_WITH_STATES = frozenset({"result", "progress", "currentStep", "availablePages", "successful"})
# A capture does not describe these, so that the emulator cannot have them.
_NOT_CAPTURED = frozenset({"categoryValues", "notes"})
# They depend on how many rows there are.
_LINKS = frozenset({"next", "previous", "nextUrl", "previousUrl", "nextOffset"})


@dataclass(frozen=True)
class Difference:
    """A difference between the live tenant's reply and the emulator's.

    Attributes:
        call: The call.
        kind: What differs. `missing` is missing at the emulator, `additional` only there.
        place: The member or the header.
        siblings: The members beside it.
        live: What it is at the live tenant.
        emulator: What it is at the emulator.
    """

    call: Call
    kind: Kind
    place: Place = ()
    siblings: frozenset[str] = frozenset()
    live: str = ""
    emulator: str = ""

    def shown_place(self, names: Names) -> str:
        """Return the place without names that may be the tenant's.

        Args:
            names: The names that may be shown.

        Returns:
            The names of the members, joined by dots.
        """
        if self.kind in ("header", "format"):
            return ".".join(self.place)
        parts = [
            name
            if name in (ROWS, ANY_NAME)
            else names.shown(name, self.siblings if at == len(self.place) - 1 else ())
            for at, name in enumerate(self.place)
        ]
        return ".".join(parts).replace(f".{ROWS}", ROWS)


def has_no_access(call: Call, live: Reply, emulator: Reply) -> bool:
    """Return whether a call cannot be compared, since one of the users lacks a role for it.

    Args:
        call: The call.
        live: The live tenant's reply.
        emulator: The emulator's.

    Returns:
        Whether it is so.
    """
    if call.fails:
        lacking = {each.status in (401, 403) for each in (live, emulator)}
        return not call.captured and len(lacking) == 2
    refused = live.status in NO_ACCESS or _is_role_missing(call, live)
    if refused and emulator.is_success:
        return True
    lacks_role = emulator.status in NO_ACCESS or _is_role_missing(call, emulator)
    return not call.captured and live.is_success and lacks_role


def _is_role_missing(call: Call, reply: Reply) -> bool:
    return reply.status == 500 and call.path.endswith(_NEEDS_ROLE)


# Without the role these reply 500.
_NEEDS_ROLE = ("/admins", "/visitors", "/export")


def differences(call: Call, live: Reply, emulator: Reply) -> list[Difference]:
    """Return where two replies differ.

    Args:
        call: The call.
        live: The live tenant's reply.
        emulator: The emulator's.

    Returns:
        The differences.
    """
    if live.status != emulator.status:
        return [
            Difference(call, "status", (), live=str(live.status), emulator=str(emulator.status))
        ]
    found = list(_header_differences(call, live, emulator))
    if live.is_json and emulator.is_json:
        members = _member_differences(call, shape_of(live.body), shape_of(emulator.body))
        is_cut = live.is_cut or emulator.is_cut
        # What would follow was not read.
        return [*found, *(each for each in members if not is_cut or ROWS in each.place)]
    ours, theirs = (
        {"body": "JSON"} if each.is_json else text_facts(each) for each in (live, emulator)
    )
    is_own_content = call.begins and not call.captured
    if ours["body"] != theirs["body"] or is_own_content:
        ours, theirs = {"body": ours["body"]}, {"body": theirs["body"]}
    for name, value in ours.items():
        if theirs.get(name) != value:
            found.append(Difference(call, "format", (name,), frozenset(), value, theirs[name]))
    return found


def _header_differences(call: Call, live: Reply, emulator: Reply) -> Iterator[Difference]:
    ours, theirs = header_facts(live), header_facts(emulator)
    for name in sorted({*ours, *theirs}):
        pair = ours.get(name, "not sent"), theirs.get(name, "not sent")
        is_by_length = name == "content-encoding" and _is_by_length(live, emulator)
        if pair[0] != pair[1] and not is_by_length:
            yield Difference(call, "header", (name,), frozenset(), *pair)


def _is_by_length(live: Reply, emulator: Reply) -> bool:
    """Return whether only the longer body is compressed: a capture may be a sample."""
    shorter, longer = sorted((live, emulator), key=lambda each: len(each.content))
    is_plain = "content-encoding" not in shorter.headers
    return is_plain and len(shorter.content) < len(longer.content)


def _member_differences(call: Call, live: Shape, emulator: Shape) -> Iterator[Difference]:
    skipped: list[Place] = []
    for place in list(dict.fromkeys([*live.members, *emulator.members])):
        if any(place[: len(each)] == each for each in skipped):
            continue
        ours, theirs = live.members.get(place), emulator.members.get(place)
        if ours is None or theirs is None:
            skipped.append(place)
            if not _depends_on_data(call, place, live, emulator):
                yield _one_sided(call, place, ours, theirs)
            continue
        inner = (*place, ROWS)
        counts = live.rows.get(inner), emulator.rows.get(inner)
        if None not in counts and (counts[0] == 0) != (counts[1] == 0):
            skipped.append(place)
            if call.captured and not (counts[0] and place[-1] in _NOT_CAPTURED):
                shown = ["some" if each else "none" for each in counts]
                yield Difference(call, "rows", inner, ours.siblings, *shown)
            continue
        is_same = _same_rows(place, live, emulator) and (call.captured or ROWS not in place)
        yield from _differing(call, place, ours, theirs, is_same=is_same)
    yield from _order_differences(call, live, emulator)


def _depends_on_data(call: Call, place: Place, live: Shape, emulator: Shape) -> bool:
    """Return whether it is only due to rows or to timing that one side lacks a member."""
    if call.unsettled and place[-1] in _WITH_STATES:
        return True
    if place in live.members and place[-1] in _NOT_CAPTURED:
        return True
    if ROWS not in place and call.captured:
        return False
    count = live.rows.get((*place, ROWS), 0) + emulator.rows.get((*place, ROWS), 0)
    if not call.captured and (place[-1] in _LINKS or count):
        return True
    is_same = call.captured and _same_rows(place, live, emulator)
    return ROWS in place and not is_same and not _is_always(place, live, emulator)


def _is_always(place: Place, live: Shape, emulator: Shape) -> bool:
    found = live.members.get(place) or emulator.members.get(place)
    return found is not None and found.is_always


def _same_rows(place: Place, live: Shape, emulator: Shape) -> bool:
    arrays = [place[: at + 1] for at, name in enumerate(place) if name == ROWS]
    return all(live.rows.get(each) == emulator.rows.get(each) for each in arrays)


def _one_sided(
    call: Call, place: Place, live: Member | None, emulator: Member | None
) -> Difference:
    siblings = (live or emulator or Member(frozenset(), frozenset(), True, frozenset())).siblings
    ours = _types(live) if live else "missing"
    theirs = _types(emulator) if emulator else "missing"
    return Difference(call, "missing" if live else "additional", place, siblings, ours, theirs)


def _differing(
    call: Call, place: Place, live: Member, emulator: Member, *, is_same: bool
) -> Iterator[Difference]:
    siblings = live.siblings | emulator.siblings
    ours, theirs = live.types, emulator.types
    if not is_same:
        # Other rows may have no value there.
        ours, theirs = ours - {"null"}, theirs - {"null"}
        if not ours or not theirs:
            return
    if ours != theirs:
        yield Difference(call, "type", place, siblings, _types(live), _types(emulator))
    if is_same and live.is_always != emulator.is_always:
        pair = ["always" if each.is_always else "in some rows" for each in (live, emulator)]
        yield Difference(
            call, "missing" if live.is_always else "additional", place, siblings, *pair
        )
    is_settled = not (call.unsettled and place[-1] in (*_STATES, *_WITH_STATES))
    if is_same and is_settled and ours == theirs and live.values != emulator.values:
        shown = [", ".join(sorted(each.values)) or "none" for each in (live, emulator)]
        yield Difference(call, "value", place, siblings, *shown)


def _order_differences(call: Call, live: Shape, emulator: Shape) -> Iterator[Difference]:
    for place, ids in live.orders.items():
        others = emulator.orders.get(place, [])
        common = set(ids) & set(others)
        ours, theirs = ([each for each in side if each in common] for side in (ids, others))
        if ours != theirs:
            yield Difference(call, "order", place, frozenset(), "its own order", "another order")


def _types(member: Member) -> str:
    return " or ".join(sorted(member.types))
