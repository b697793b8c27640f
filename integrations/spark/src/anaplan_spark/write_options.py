"""The options of a write, checked before anything is staged or sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, cast
from urllib.parse import urlsplit

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.connection import Connection

Columns = dict[str, str] | list[str]

_NAMES = frozenset(
    (
        "import",
        "process",
        "file",
        "staging",
        "run_id",
        "keep_staging",
        "max_refused",
        "refused_path",
        "columns",
        "date_format",
        "timestamps",
        "locale",
        "timeout",
    )
)
_CONNECTION = frozenset(each.name for each in fields(Connection))
# Spark passes these to the sink of a stream.
_OF_STREAMS = frozenset(("checkpointlocation", "queryname"))
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class WriteOptions:
    """The options of a write. They contain no secret, so that Spark may show them.

    Attributes:
        connection: How each process reaches Anaplan.
        action_id: The import (112…) or process (118…) that is run.
        file_id: The file (113…) that the rows are uploaded to; None for the file of the import.
        staging: The folder for staged pieces, as a path or a URL of fsspec; None uploads from the
            only task.
        run_id: The name of this run, by which a repeated write resumes it; None makes one up.
        keep_staging: Whether the staged pieces stay after the write.
        max_refused: The most rows that Anaplan may refuse; None for any number.
        refused_path: The Parquet file, or the folder in case of a stream, that the refused rows are
            written to; None writes them nowhere.
        columns: New names of columns, or the columns that are sent, in their order; None sends all.
        date_format: How dates are written, as `datetime.strftime` takes it.
        timestamps: Whether timestamps are written as dates or as texts.
        locale: The locale in which Anaplan reads numbers and dates.
        timeout: Seconds to wait for the end of the import or process; None waits without limit.
    """

    connection: Connection
    action_id: str
    file_id: str | None = None
    staging: str | None = None
    run_id: str | None = None
    keep_staging: bool = False
    max_refused: int | None = None
    refused_path: str | None = None
    columns: Columns | None = None
    date_format: str = "%Y-%m-%d"
    timestamps: Literal["date", "text"] = "date"
    locale: str = "en_US"
    timeout: float | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, str], *, overwrite: bool) -> WriteOptions:
        """Check the options of a write.

        Args:
            options: Spark's options; their names ignore case.
            overwrite: Whether Spark's mode is "overwrite", or the output mode of a stream
                "complete".

        Returns:
            The options.

        Raises:
            InvalidArgumentException: An option is unknown, missing, or not valid, contains a
                secret, or the mode is not "append".
        """
        connection = Connection.from_options(options)
        given = {name.lower(): value for name, value in options.items()}
        if unknown := sorted(given.keys() - _NAMES - _CONNECTION - _OF_STREAMS):
            raise InvalidArgumentException(
                f"Writing to Anaplan has no option {', '.join(unknown)}. The options are "
                f"{', '.join(sorted(_NAMES | _CONNECTION))}."
            )
        if overwrite:
            raise InvalidArgumentException(
                "Use mode 'append' (the output mode 'append' or 'update' of a stream): the import "
                "itself determines what becomes of items and values that are not in the data, so "
                "'overwrite' and 'complete' can't be kept."
            )
        action_id, file_id = _target(given)
        result = cls(
            connection=connection,
            action_id=action_id,
            file_id=file_id,
            staging=_location(given, "staging"),
            run_id=given.get("run_id"),
            keep_staging=_choice(given, "keep_staging", "false", ("true", "false")) == "true",
            max_refused=_max_refused(given),
            refused_path=_location(given, "refused_path"),
            columns=_columns(given),
            date_format=given.get("date_format", cls.date_format),
            timestamps=cast(
                'Literal["date", "text"]',
                _choice(given, "timestamps", cls.timestamps, ("date", "text")),
            ),
            locale=given.get("locale", cls.locale),
            timeout=_timeout(given),
        )
        result._check_run_id()
        return result

    def _check_run_id(self) -> None:
        if self.run_id is None:
            return
        if self.staging is None:
            raise InvalidArgumentException(
                "run_id needs the option staging: the record of the run is kept there."
            )
        if not _RUN_ID.fullmatch(self.run_id):
            raise InvalidArgumentException(
                "run_id must consist of 1 to 128 letters, digits, '.', '_' and '-', and begin with "
                "a letter or a digit."
            )


def _target(given: Mapping[str, str]) -> tuple[str, str | None]:
    chosen = [name for name in ("import", "process") if name in given]
    if len(chosen) != 1:
        raise InvalidArgumentException(
            "Give one of the options import (112…) and process (118…): what is run with the data."
        )
    kind = chosen[0]
    action_id = _id(given, kind, "112" if kind == "import" else "118")
    if kind == "import":
        if "file" in given:
            raise InvalidArgumentException(
                "file is an option of a process only: an import reads its own file."
            )
        return action_id, None
    if "file" not in given:
        raise InvalidArgumentException(
            "process needs the option file (113…): the file that one of its imports reads."
        )
    return action_id, _id(given, "file", "113")


def _id(given: Mapping[str, str], name: str, prefix: str) -> str:
    value = given[name].strip()
    if not (value.isascii() and value.isdigit() and value.startswith(prefix)):
        raise InvalidArgumentException(f"{name} must be an id that begins with {prefix}.")
    return value


def _location(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not value.strip():
        raise InvalidArgumentException(f"{name} is empty.")
    try:
        has_password = urlsplit(value).password is not None
    except ValueError:
        has_password = False
    if has_password:
        # The value is not quoted, since it contains the password.
        raise InvalidArgumentException(
            f"{name} contains a password, and Spark shows options in plans and logs: configure "
            "fsspec on each machine instead."
        )
    return value


def _choice(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, default).lower()
    if value not in allowed:
        raise InvalidArgumentException(f"{name} must be one of {', '.join(allowed)}.")
    return value


def _max_refused(given: Mapping[str, str]) -> int | None:
    value = given.get("max_refused")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise InvalidArgumentException("max_refused must be a whole number, at least 0.")
    return int(value)


def _timeout(given: Mapping[str, str]) -> float | None:
    value = given.get("timeout")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise InvalidArgumentException("timeout must be a number of seconds, at least 0.")
    return seconds


def _columns(given: Mapping[str, str]) -> Columns | None:
    value = given.get("columns")
    if value is None:
        return None
    try:
        columns: object = json.loads(value)
    except ValueError:
        columns = None
    if isinstance(columns, list) and columns and all(isinstance(each, str) for each in columns):
        return columns
    if (
        isinstance(columns, dict)
        and columns
        and all(isinstance(each, str) for each in columns.values())
    ):
        return columns
    raise InvalidArgumentException(
        'columns must be JSON: an object of new names, such as {"sold": "Amount"}, or a list '
        "of the columns that are sent."
    )
