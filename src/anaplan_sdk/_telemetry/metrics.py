"""What is counted. Attributes have few different values: no ids, no names."""

from __future__ import annotations

from anaplan_sdk._telemetry import names
from anaplan_sdk._telemetry.api import api
from anaplan_sdk._telemetry.operation import current, error_type
from anaplan_sdk.exceptions import AnaplanException


def count_retry(error: AnaplanException, pause: float) -> None:
    """Count a request that is sent again.

    Args:
        error: Why.
        pause: Seconds until then.
    """
    if (telemetry := api()) is None:
        return
    # The class of an error says less than the status that it stands for.
    kind = error_type(error) if error.status_code is None else str(error.status_code)
    telemetry.counters[names.RETRIES].add(1, {names.ERROR_TYPE: kind})
    current().event(names.RETRY, {names.ERROR_TYPE: kind, names.PAUSE_SECONDS: round(pause, 3)})


def count_pause(seconds: float) -> None:
    """Count a pause of all requests after a 429.

    Args:
        seconds: Its length.
    """
    if (telemetry := api()) is None:
        return
    telemetry.counters[names.PAUSES].add(1)
    telemetry.durations[names.PAUSE_DURATION].record(seconds)
    current().event(names.RATE_LIMIT_PAUSE, {names.PAUSE_SECONDS: round(seconds, 3)})


def count_renewal(*, is_refresh: bool, error: AnaplanException | None = None) -> None:
    """Count a token that was obtained, or could not be.

    Args:
        is_refresh: Whether a token was still usable.
        error: Why there is none.
    """
    if (telemetry := api()) is None:
        return
    attributes = {names.RENEWAL_KIND: "refresh" if is_refresh else "sign_in"}
    if error is not None:
        attributes[names.ERROR_TYPE] = error_type(error)
    telemetry.counters[names.RENEWALS].add(1, attributes)


def count_bytes(direction: names.Direction, size: int) -> None:
    """Count content of files and pages.

    Args:
        direction: Where it goes.
        size: Its bytes, uncompressed.
    """
    if (telemetry := api()) is not None:
        telemetry.counters[names.TRANSFERRED].add(size, {names.DIRECTION: direction})


def count_rows(direction: names.Direction, rows: int) -> None:
    """Count rows of tables.

    Args:
        direction: Where they go.
        rows: Their number.
    """
    if (telemetry := api()) is not None:
        telemetry.counters[names.TABLE_ROWS].add(rows, {names.DIRECTION: direction})


def count_refused_rows(rows: int) -> None:
    """Count rows that Anaplan refused, or imported without an invalid value.

    Args:
        rows: Their number.
    """
    if (telemetry := api()) is not None:
        telemetry.counters[names.TABLE_REFUSED_ROWS].add(rows)
