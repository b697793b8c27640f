"""The options of a read: which there are, and what each may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.connection import CONNECTION_OPTIONS, Connection

Kind = Literal["export", "view", "list", "audit"]

_TABLE = ("batch_rows", "invalid", "partitions", "timeout")
_OPTIONS: dict[Kind, tuple[str, ...]] = {
    "export": ("export", "locale", "run", *_TABLE),
    "view": ("view", "read", *_TABLE),
    "list": ("list", "read", *_TABLE),
    "audit": ("audit", "batch_rows", "event_type"),
}
_WHAT: dict[Kind, str] = {
    "export": "an export",
    "view": "a view",
    "list": "a list",
    "audit": "audit events",
}
_BATCH = ("end", "hours", "push_filters", "start")
_STREAM = ("lag_seconds", "starting_at")
_ALL = sorted({*CONNECTION_OPTIONS, *_BATCH, *_STREAM}.union(*_OPTIONS.values()))


@dataclass(frozen=True)
class ReadOptions:
    """What to read, and how.

    Attributes:
        connection: How to reach Anaplan.
        kind: What is read.
        object_id: Id of the export, view or list; empty for audit events.
        batch_rows: The most rows of a record batch.
        invalid: What becomes of a text that is not a value of its column's type.
        partitions: The number of partitions; more than one for a prepared read only.
        read: Id of the prepared large read of a view or list.
        run: Whether the task runs the export.
        locale: The locale in which Anaplan writes numbers and dates of an export.
        timeout: Seconds to wait for Anaplan; None waits without limit.
        start: Start of the window of audit events, in milliseconds since 1970.
        end: End of it, likewise.
        hours: Length of it.
        event_type: Family of audit events.
        push_filters: Whether filters on `event_date` narrow the window.
        starting_at: Where a stream of audit events starts, in milliseconds since 1970; None is now.
        lag_seconds: Seconds by which a stream delivers audit events late.
    """

    connection: Connection
    kind: Kind
    object_id: str = ""
    batch_rows: int = 50_000
    invalid: Literal["error", "null"] = "error"
    partitions: int = 1
    read: str | None = None
    run: bool = True
    locale: str = "en_US"
    timeout: float | None = None
    start: int | None = None
    end: int | None = None
    hours: int | None = None
    event_type: str = "all"
    push_filters: bool = False
    starting_at: int | None = None
    lag_seconds: float = 60.0

    @classmethod
    def from_options(
        cls, options: Mapping[str, str], *, is_stream: bool | None = None
    ) -> ReadOptions:
        """Check Spark's options of a read.

        Args:
            options: The options; their names ignore case.
            is_stream: Whether it is a stream; None if that is not known yet.

        Returns:
            The options.

        Raises:
            InvalidArgumentException: One is missing, unknown, not valid, or of another kind of
                read; or several things are to be read.
        """
        given = {name.lower(): value for name, value in options.items()}
        connection = Connection.from_options(given)
        kind = _kind_of(given)
        if is_stream and kind != "audit":
            raise InvalidArgumentException("Only audit events can be read as a stream.")
        _check_names(given, kind, is_stream=is_stream)
        values = _Values(given)
        invalid = given.get("invalid", "error")
        if invalid not in ("error", "null"):
            raise InvalidArgumentException("invalid must be 'error' or 'null'.")
        read = cls(
            connection,
            kind,
            "" if kind == "audit" else values.identifier(kind),
            batch_rows=values.whole("batch_rows", 50_000),
            invalid="null" if invalid == "null" else "error",
            partitions=values.whole("partitions", 1),
            read=given.get("read"),
            run=values.boolean("run", default=True),
            locale=given.get("locale", "en_US"),
            timeout=values.seconds("timeout", None),
            start=values.moment("start"),
            end=values.moment("end"),
            hours=values.whole("hours", 0) if "hours" in given else None,
            event_type=given.get("event_type", "all"),
            push_filters=values.boolean("push_filters", default=False),
            starting_at=values.moment("starting_at"),
            lag_seconds=values.seconds("lag_seconds", 60.0) or 0.0,
        )
        read.check_combinations()
        return read

    def check_combinations(self) -> None:
        """Check the options that depend on each other.

        Raises:
            InvalidArgumentException: Two of them can't be combined.
        """
        is_prepared = self.read is not None or not self.run
        if self.partitions > 1 and not is_prepared:
            raise InvalidArgumentException(
                "partitions: only a prepared read has more than one: see prepare_export, "
                "prepare_view and prepare_list."
            )
        if self.hours is not None and (self.start is not None or self.push_filters):
            raise InvalidArgumentException(
                "hours can be combined with neither start nor push_filters."
            )


@dataclass(frozen=True)
class _Values:
    """Reads values of options, which Spark has as texts."""

    given: Mapping[str, str]

    def identifier(self, name: str) -> str:
        value = self.given[name].strip()
        if not value:
            raise InvalidArgumentException(f"{name} must be an id.")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.given.get(name, str(default)).strip().lower()
        if value not in ("true", "false"):
            raise InvalidArgumentException(f"{name} must be true or false, not {value!r}.")
        return value == "true"

    def whole(self, name: str, default: int) -> int:
        text = self.given.get(name, str(default))
        try:
            value = int(text)
        except ValueError:
            value = 0
        if value < 1:
            raise InvalidArgumentException(
                f"{name} must be a whole number of at least 1, not {text!r}."
            )
        return value

    def seconds(self, name: str, default: float | None) -> float | None:
        if name not in self.given:
            return default
        text = self.given[name]
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not 0 <= value < float("inf"):
            raise InvalidArgumentException(
                f"{name} must be a number of seconds, and not negative, not {text!r}."
            )
        return value

    def moment(self, name: str) -> int | None:
        text = self.given.get(name)
        if text is None:
            return None
        if text.strip().isdecimal():
            return int(text)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise InvalidArgumentException(
                f"{name} must be a time with its offset, such as 2026-03-01T00:00:00+00:00, or "
                f"milliseconds since 1970, not {text!r}."
            )
        return int(1000 * moment.timestamp())


def _kind_of(given: Mapping[str, str]) -> Kind:
    kinds = [kind for kind in _OPTIONS if kind in given]
    if len(kinds) != 1:
        raise InvalidArgumentException(
            f"Give exactly one of the options {', '.join(_OPTIONS)}: what to read"
            f"{', not ' + ' and '.join(kinds) if kinds else ''}."
        )
    if kinds == ["audit"] and given["audit"].strip().lower() != "true":
        raise InvalidArgumentException("audit must be true, if it is given.")
    return kinds[0]


def _check_names(given: Mapping[str, str], kind: Kind, *, is_stream: bool | None) -> None:
    # The values may be secrets, so they are not quoted.
    if unknown := sorted(given.keys() - set(_ALL)):
        raise InvalidArgumentException(
            f"There is no option {', '.join(unknown)} for reading; there are {', '.join(_ALL)}."
        )
    known = {*CONNECTION_OPTIONS, *_OPTIONS[kind]}
    what = f"the reading of {_WHAT[kind]}"
    if kind == "audit":
        known.update(() if is_stream else _BATCH, () if is_stream is False else _STREAM)
        what += "" if is_stream is None else f" as a {'stream' if is_stream else 'batch'}"
    if others := sorted(given.keys() - known):
        raise InvalidArgumentException(
            f"{', '.join(others)} can't be given for {what}, which has the options "
            f"{', '.join(sorted(known))}."
        )
