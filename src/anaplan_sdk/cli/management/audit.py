"""The audit log: `anaplan audit events`."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.management.user_names import UserNames
from anaplan_sdk.cli.output import Output
from anaplan_sdk.cli.tables.row_files import check_target, write_table
from anaplan_sdk.cli.wording import utc_time

if TYPE_CHECKING:
    from anaplan_sdk.models import AuditEvent, FollowedEvent

# What tables have, which are printed line by line.
_WIDTHS: Mapping[str, int] = {"time": 20, "event": 8, "user": 20, "message": 0}
# What CSV has.
_COLUMNS = (
    "id",
    "happened_at",
    "event_type_id",
    "user_id",
    "success",
    "message",
    "object_id",
    "object_type_id",
    "ip_address",
    "user_agent",
    "additional_attributes",
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DEFAULT_START = "24h"
_TIME = "A time is like 2026-01-31T08:00Z, 2026-01-31, 30m, 24h or 7d."
# A cursor that is older, with nothing after it, is moved: Anaplan refuses those of 30 days ago.
_OLD = timedelta(days=1)
# Anaplan counts milliseconds from here.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@examples(
    "anaplan audit events --since 7d --type user_activity",
    "anaplan audit events --cursor audit.cursor >> audit.jsonl",
    "anaplan audit events --since 1h --format cef | nc siem.example.com 514",
)
def events(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="The beginning: a time, or 30m, 24h, 7d ago; by default 24h."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="The end, likewise; now by default.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with events as they happen.")
    ] = False,
    cursor: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Print what is new since the last run, whose place this file keeps.",
        ),
    ] = None,
    format_: Annotated[
        Literal["json", "jsonl", "csv", "parquet", "arrow", "cef"] | None,
        typer.Option(
            "--format", metavar="FORMAT", help="As --output; parquet or arrow; or cef, for a SIEM."
        ),
    ] = None,
    family: Annotated[
        Literal[
            "all",
            "user_activity",
            "access_control",
            "int",
            "conn_mgmt",
            "comment",
            "byok",
            "plan_iq",
            "forecaster",
        ],
        typer.Option("--type", metavar="TYPE", help="Which events, such as user_activity."),
    ] = "all",
    lag: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="Delay of --follow and --cursor, so that late events are in order.",
        ),
    ] = 60,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How often --follow asks for events.")
    ] = 10,
) -> None:
    """Print audit events.

    Begins 24 hours ago, with --follow now; --since also takes the cursor that an interrupted
    --follow names. A table on a terminal, and JSON Lines elsewhere, written line by line.

    With --cursor a cron job prints each event once: PATH keeps the place of the last event that
    was printed. TYPE is all, user_activity, access_control, int (CloudWorks), conn_mgmt, comment,
    byok, plan_iq or forecaster. Needs the role Tenant Auditor; Anaplan keeps events for 30 days.
    """
    invocation = Invocation.of(context)
    chosen = _format(invocation, format_)
    now = datetime.now(UTC)
    if since is None and (cursor is not None or not follow):
        since = _DEFAULT_START
    position = _Position(invocation, cursor, since, now)
    goes_on = follow or cursor is not None or position.cursor is not None
    if goes_on:
        _check_feed(chosen, until, follow=follow)
    end = None if until is None else _moment(until, now)
    is_table = chosen in ("parquet", "arrow")
    if is_table:
        check_target(Destination("-"), chosen, invocation.output)
    known = None if is_table or chosen == "cef" else chosen
    output = Output(known, colour=not invocation.options.no_color)
    with invocation.client(model=False) as client, _role_named():
        if chosen == "cef":
            lines = client.audit.get_cef_lines(position.start, end, event_type=family)
            invocation.output.data(f"{line}\n".encode() for line in lines)
            return
        if is_table:
            with client.audit.events_table(position.start, end, event_type=family) as table:
                write_table(table, chosen, Destination("-"), invocation.output)
            return
        if goes_on:
            feed = client.audit.follow_events(
                position.cursor,
                since=position.start,
                event_type=family,
                timeout=None if follow else 0,
                lag=lag,
                poll_delay=every,
            )
            found = _followed(invocation, feed, position)
        else:
            found = client.audit.get_event_stream(position.start, end, event_type=family)
        if chosen == "table":
            names = UserNames(client)
            output.lines((_line(event, names) for event in found), _WIDTHS)
        else:
            output.rows(map(_row, found), _COLUMNS)
        if goes_on:
            position.end(now - timedelta(seconds=lag))


class _Position:
    """Where to begin, and how far events have been printed.

    Args:
        invocation: The run of the command.
        file: The path of the file that keeps the cursor, if there is one.
        since: Where to begin without a cursor: a time, or a cursor; None for now.
        now: The present moment.

    Attributes:
        cursor: The cursor of the last event that was printed; None before the first.
        start: Where to begin without a cursor; None for now.

    Raises:
        CommandError: There is no such time, or the file has no cursor.
        OSError: The file cannot be read.
    """

    def __init__(
        self, invocation: Invocation, file: str | None, since: str | None, now: datetime
    ) -> None:
        self._output = invocation.output
        self._kept = Destination.of_file(file)
        if self._kept is not None and self._kept.is_stdout:
            raise usage_error("The cursor cannot be kept on stdout.", "Name a file for it.")
        self._path = path = self._kept.path() if self._kept is not None else None
        self.cursor: str | None = None
        if since is not None and _is_cursor(since):
            self.cursor, since = since, None
        self.start = None if since is None else _moment(since, now)
        if path is None:
            return
        if path.exists():
            text = path.read_text("utf-8").strip()
            if not _is_cursor(text):
                raise usage_error(
                    f"{path} has no cursor in it.", "Name another file, or remove this one."
                )
            self.cursor = text

    @property
    def advice(self) -> str:
        """What to do to go on after the last event that was printed."""
        if self.cursor is None:
            return "No event was printed."
        if self._path is not None:
            return f"{self._path} has the cursor of the last event that was printed: run it again."
        return f"Go on after the last event that was printed with --since {self.cursor}."

    def save(self, cursor: str) -> None:
        """Keep the cursor of an event that was printed."""
        self.cursor = cursor
        if self._kept is not None:
            # Replaced as a whole: a command that is ended leaves one cursor or the other.
            self._kept.write([f"{cursor}\n".encode()], self._output)

    def end(self, seen: datetime) -> None:
        """Keep that there was nothing more, before a moment."""
        from anaplan_sdk.models.audit import EventPosition

        first = self.start or seen
        if self.cursor is not None:
            first = datetime.fromtimestamp(EventPosition.parse(self.cursor).event_date / 1000, UTC)
        if first < seen - _OLD:
            first, self.cursor = seen - _OLD, None
        if self.cursor is None:
            self.save(EventPosition(int(first.timestamp() * 1000)).cursor)


@contextmanager
def _role_named() -> Generator[None]:
    """Name the role that a user lacks."""
    from anaplan_sdk.exceptions import PermissionDeniedException

    try:
        yield
    except PermissionDeniedException as error:
        raise CommandError(
            ExitCode.SIGN_IN,
            str(error),
            "It needs the role Tenant Auditor: 'anaplan whoami' shows who is signed in.",
            kind=type(error).__name__,
        ) from error


def _followed(
    invocation: Invocation, feed: Iterable[FollowedEvent], position: _Position
) -> Iterator[AuditEvent]:
    """Yield events to be printed, and keep the cursor of each after it was."""
    from anaplan_sdk.exceptions import AnaplanException

    invocation.state = position.advice
    try:
        for event, cursor in feed:
            yield event
            sys.stdout.flush()
            position.save(cursor)
            invocation.state = position.advice
    except AnaplanException:
        invocation.say(position.advice)
        raise


def _row(event: AuditEvent) -> dict[str, Any]:
    return {"happened_at": utc_time(event.happened_at), **event.model_dump(mode="json")}


def _line(event: AuditEvent, names: UserNames) -> dict[str, Any]:
    return {
        "time": utc_time(event.happened_at),
        "event": event.event_type_id,
        "user": names.of(event.user_id),
        "message": event.message,
    }


def _check_feed(chosen: str, until: str | None, *, follow: bool) -> None:
    if until is not None:
        raise usage_error("--until ends a window, so it has no meaning with --follow or a cursor.")
    if chosen == "cef":
        raise usage_error(
            "Anaplan sends CEF for a window only: not with --follow or a cursor.",
            "Give --since and --until, or follow as JSON Lines.",
        )
    if chosen in ("parquet", "arrow"):
        raise usage_error(
            f"{chosen.title()} is written for a window only: not with --follow or a cursor.",
            "Give --since and --until, or follow as JSON Lines.",
        )
    if follow and chosen == "json":
        raise usage_error("A JSON array would have no end: --follow takes jsonl, csv or table.")


def _format(invocation: Invocation, given: str | None) -> Any:
    """Return the format: by `--format`, `--output`, or where it is printed."""
    output = invocation.options.output
    if given is not None and output not in (None, given):
        raise usage_error(
            f"--format {given} and --output {output} contradict.", "Give one of the two."
        )
    return given or output or ("table" if invocation.output.is_terminal else "jsonl")


def _is_cursor(text: str) -> bool:
    return re.fullmatch(r"\d+:(\d+(,\d+)*)?", text) is not None


def _moment(text: str, now: datetime) -> datetime:
    ago = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    try:
        if ago:
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            # Without a time zone it is that of the person, as in other tools.
            moment = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):  # Some fit no date, or none in this time zone.
        raise usage_error(f"{text!r} is not a time.", _TIME) from None
    if moment < _EARLIEST:
        raise usage_error(f"{text!r} is before {_EARLIEST.year}.", _TIME)
    return moment
