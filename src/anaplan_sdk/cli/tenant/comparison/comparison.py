"""A run of probes on both sides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from anaplan_sdk.cli.tenant.comparison.corresponding import find
from anaplan_sdk.cli.tenant.comparison.differences import (
    Difference,
    differences,
    has_no_access,
)
from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply
from anaplan_sdk.cli.tenant.comparison.shapes import texts_of
from anaplan_sdk.cli.tenant.comparison.view import HeldTasks, View
from anaplan_sdk.cli.tenant.comparison.vocabulary import Names, member_names

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.sides import Side

Verdict: TypeAlias = Literal[
    "holds", "differs", "observed", "not applicable", "no access", "compared", "failed"
]


@dataclass
class Exchange:
    """A call and the status of its replies.

    Attributes:
        call: The call.
        live: The status at the live tenant; None if there was no reply.
        emulator: The status at the emulator; None if there was no reply.
    """

    call: Call
    live: int | None = None
    emulator: int | None = None


@dataclass
class Result:
    """What a probe found.

    Attributes:
        probe: The probe.
        verdict: The verdict about the live tenant.
        text: What was observed there, or why nothing was.
        emulator_text: What was observed at the emulator.
        exchanges: The calls.
        differences: Where replies differed.
    """

    probe: Probe
    verdict: Verdict
    text: str = ""
    emulator_text: str = ""
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    differences: list[Difference] = field(default_factory=list[Difference])


class Comparison:
    """Sends the calls of probes to a live tenant and an emulator, and compares the replies.

    Args:
        live: The live tenant.
        emulator: The emulator.
        ids: The ids of the workspace and the model on both sides, by the name of the placeholder.
        emulator_settings: The emulator's settings, for probes that need a state of it.

    Attributes:
        names: Which names of members may be shown.
        cleanup: What is left to be undone, and how, by the side and what it is.
        left: What could not be undone.
        results: What the probes found so far.
    """

    def __init__(
        self,
        live: Side,
        emulator: Side,
        ids: Mapping[str, tuple[str, str]],
        emulator_settings: HeldTasks | None = None,
    ) -> None:
        self._sides = live, emulator
        self._ids = dict(ids)
        self._missing: dict[str, str] = {}
        self._kept: dict[tuple[int, str, str], Reply] = {}
        self.emulator_settings = emulator_settings
        self.names = Names()
        self.cleanup: dict[tuple[int, str], Callable[[], object]] = {}
        self.left: list[str] = []
        self.results: list[Result] = []

    def side(self, at: int) -> Side:
        """Return a side.

        Args:
            at: 0 for the live tenant, 1 for the emulator.

        Returns:
            The side.
        """
        return self._sides[at]

    def names_in(self, call: Call) -> list[str]:
        """Return the names in braces that a call has.

        Args:
            call: The call.

        Returns:
            The names.
        """
        import re

        texts = [call.path, *map(str, call.query.values()), json.dumps(call.json)]
        return list(dict.fromkeys(re.findall(r"\{(\w+)\}", " ".join(texts))))

    def ids(self, name: str) -> tuple[str, str]:
        """Return the ids of corresponding objects.

        Args:
            name: Name of the placeholder.

        Returns:
            The id at the live tenant, and the id at the emulator.

        Raises:
            NotApplicable: There are no such objects.
        """
        if name in self._missing:
            raise NotApplicable(self._missing[name])
        if name not in self._ids:
            try:
                self._ids[name] = find(self, name)
            except NotApplicable as reason:
                self._missing[name] = str(reason)
                raise
        return self._ids[name]

    def send(
        self,
        at: int,
        call: Call,
        own_ids: Mapping[str, str] | None = None,
        *,
        is_fresh: bool = False,
    ) -> Reply:
        """Send a request to a side; a GET only once.

        Args:
            at: 0 for the live tenant, 1 for the emulator.
            call: The request.
            own_ids: Ids that take precedence over those of corresponding objects.
            is_fresh: Whether a GET is sent again, since a probe has changed something.

        Returns:
            The reply.

        Raises:
            AnaplanException: There is no reply.
            NotApplicable: The call is about an object that does not exist.
        """
        own = own_ids or {}
        ids = {name: own.get(name) or self.ids(name)[at] for name in self.names_in(call)}
        key = at, call.label, json.dumps(ids, sort_keys=True)
        is_kept = call.method == "GET" and not is_fresh
        if is_kept and key in self._kept:
            return self._kept[key]
        reply = self._sides[at].send(call, ids)
        if at:
            self.names.known.update(member_names(reply.body))
        else:
            self.names.texts.update(each.lower() for each in texts_of(reply.body))
        if is_kept:
            self._kept[key] = reply
        return reply

    def run(self, probe: Probe) -> Result:
        """Run a probe on both sides, and keep what it found.

        Args:
            probe: The probe.

        Returns:
            What it found.
        """
        views = View(self, 0, is_fresh=probe.writes), View(self, 1, is_fresh=probe.writes)
        verdict, text, finding = self._observe(probe, views[0])
        result = Result(probe, verdict, text)
        _, result.emulator_text, _ = self._observe(probe, views[1])
        if finding is None and verdict == "compared":
            result.emulator_text = ""
        try:
            self._compare(result, *views)
        except Exception as error:  # noqa: BLE001 - such as a heading that is not CSV
            result.verdict, result.text = "failed", _unreadable(error)
        self.results.append(result)
        return result

    def _observe(self, probe: Probe, view: View) -> tuple[Verdict, str, Finding | None]:
        from anaplan_sdk.exceptions import AnaplanException

        try:
            finding = probe.observe(view)
        except NotApplicable as reason:
            return "not applicable", str(reason), None
        except AnaplanException as error:
            # Its message may quote the tenant's names.
            status = f", status {error.status_code}" if error.status_code else ""
            return "failed", f"{type(error).__name__}{status}", None
        except Exception as error:  # noqa: BLE001 - such as a reply of an unexpected form
            return "failed", _unreadable(error), None
        if finding is None:
            return "compared", "", None
        verdict: Verdict = "observed"
        if finding.holds is not None:
            verdict = "holds" if finding.holds else "differs"
        return verdict, finding.text, finding

    def _compare(self, result: Result, live: View, emulator: View) -> None:
        refused = 0
        for label in dict.fromkeys([*live.sent, *emulator.sent]):
            call = (live.sent.get(label) or emulator.sent[label])[0]
            exchange = Exchange(call)
            result.exchanges.append(exchange)
            replies = [
                each.sent[label][1] if label in each.sent else None for each in (live, emulator)
            ]
            exchange.live, exchange.emulator = (each.status if each else None for each in replies)
            first, second = replies
            if first is None or second is None:
                continue
            if has_no_access(call, first, second):
                refused += 1
            else:
                result.differences += differences(call, first, second)
        if result.verdict == "compared" and refused and refused == len(result.exchanges):
            result.verdict = "no access"
            result.text = "the profile, or the emulator's user, lacks a role for these calls"

    def undo(self) -> None:
        """Undo what the probes did, the last first, and keep what could not be undone."""
        while self.cleanup:
            (at, what), undo = self.cleanup.popitem()
            try:
                undo()
            except (KeyboardInterrupt, Exception):  # noqa: BLE001 - the others are undone as well
                if at == 0:
                    self.left.append(what)


def _unreadable(error: Exception) -> str:
    return f"a reply could not be read ({type(error).__name__})"
