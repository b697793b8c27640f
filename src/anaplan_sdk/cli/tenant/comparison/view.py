"""One side of a comparison, as probes see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.sides import Side


class HeldTasks(Protocol):
    """The setting of the emulator that probes change."""

    hold_tasks: Literal["NOT_STARTED", "IN_PROGRESS"] | None
    """The state in which tasks stay until the setting changes or they are cancelled."""


class Sender(Protocol):
    """What sends the calls of a view: the comparison."""

    cleanup: dict[tuple[int, str], Callable[[], object]]
    """What is left to be undone, and how, by the side and what it is."""
    emulator_settings: HeldTasks | None
    """The emulator's settings."""

    def side(self, at: int) -> Side:
        """Return a side.

        Args:
            at: 0 for the live tenant, 1 for the emulator.
        """
        ...

    def ids(self, name: str) -> tuple[str, str]:
        """Return the ids of corresponding objects.

        Args:
            name: Name of the placeholder.
        """
        ...

    def names_in(self, call: Call) -> list[str]:
        """Return the names in braces that a call has.

        Args:
            call: The call.
        """
        ...

    def send(
        self,
        at: int,
        call: Call,
        own_ids: Mapping[str, str] | None = None,
        *,
        is_fresh: bool = False,
    ) -> Reply:
        """Send a request to a side.

        Args:
            at: 0 for the live tenant, 1 for the emulator.
            call: The request.
            own_ids: Ids that take precedence over those of corresponding objects.
            is_fresh: Whether a GET is sent again.
        """
        ...


class View:
    """One side, as probes see it.

    Args:
        comparison: The run.
        at: 0 for the live tenant, 1 for the emulator.
        is_fresh: Whether each GET is sent, since what it reads may have changed.
    """

    def __init__(self, comparison: Sender, at: int, *, is_fresh: bool) -> None:
        self._comparison = comparison
        self._at = at
        self._is_fresh = is_fresh
        self.sent: dict[str, tuple[Call, Reply]] = {}
        self.ids: dict[str, str] = {}
        """Ids of what the probe itself made."""

    @property
    def is_live(self) -> bool:
        """Whether it is the live tenant."""
        return self._at == 0

    @property
    def token(self) -> str | None:
        """The `Authorization` header of this side."""
        return self._comparison.side(self._at).token

    @property
    def settings(self) -> HeldTasks | None:
        """The emulator's settings; None at the live tenant."""
        return self._comparison.emulator_settings if self._at else None

    def id(self, name: str) -> str:
        """Return the id of an object that has a counterpart on the other side.

        Args:
            name: Name of the placeholder, such as `listId`.

        Returns:
            The id on this side.

        Raises:
            NotApplicable: There is no such object.
        """
        return self.ids.get(name) or self._comparison.ids(name)[self._at]

    def send(self, call: Call, *, compared: bool = True) -> Reply:
        """Send a request.

        Args:
            call: The request.
            compared: Whether the reply is compared with the other side's.

        Returns:
            The reply, whatever its status is.

        Raises:
            AnaplanException: There is no reply.
            NotApplicable: The call is about an object that does not exist.
        """
        reply = self._comparison.send(
            self._at, call, self.ids, is_fresh=self._is_fresh or bool(self.ids)
        )
        if compared:
            self.sent.setdefault(call.label, (call, reply))
        return reply

    def get(self, path: str, **query: str | int) -> Reply:
        """Send a GET to the Integration API.

        Args:
            path: The path.
            **query: The query.

        Returns:
            The reply.
        """
        return self.send(Call(path, query=query))

    def size(self, call: Call) -> int:
        """Return how many bytes the reply to a GET has.

        Args:
            call: The request.

        Returns:
            The bytes.
        """
        ids = {name: self.id(name) for name in self._comparison.names_in(call)}
        return self._comparison.side(self._at).size(call, ids)

    def at_the_end(self, what: str, undo: Callable[[], object]) -> None:
        """Arrange that something is undone at the end of the run, also after a failure.

        Args:
            what: What is undone, for the list of what was left.
            undo: Undoes it.
        """
        cleanup = self._comparison.cleanup
        cleanup.pop((self._at, what), None)  # It becomes the last one.
        cleanup[self._at, what] = undo
