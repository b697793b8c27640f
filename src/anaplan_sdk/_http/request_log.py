"""Log lines about requests, without secrets: neither queries, headers nor bodies."""

from __future__ import annotations

import logging
import time

import httpx2

from anaplan_sdk import _loggers, _telemetry
from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._http.replies import request_id_of, url_of
from anaplan_sdk.exceptions import AnaplanException


def log_reply(response: httpx2.Response, attempt: int, sent_at: float) -> None:
    """Log a request and its reply in one line.

    Args:
        response: The reply. If its body has not been read, its size is not logged.
        attempt: The number of the attempt.
        sent_at: When the request was sent, on the clock of `time.monotonic`.
    """
    if not _loggers.http.isEnabledFor(logging.DEBUG):
        return
    request_id = request_id_of(response)
    _loggers.http.debug(
        "%s %s: %d in %.0f ms, %s%s, attempt %d",
        response.request.method,
        url_of(response),
        response.status_code,
        1000 * (time.monotonic() - sent_at),
        f"{len(response.content):,} bytes" if response.is_closed else "streamed",
        f", request id {request_id}" if request_id else "",
        attempt,
    )


def log_failure(request: httpx2.Request, error: Exception, attempt: int, sent_at: float) -> None:
    """Log a request that got no complete reply, in one line.

    Args:
        request: The request.
        error: What happened instead.
        attempt: The number of the attempt.
        sent_at: When the request was sent, on the clock of `time.monotonic`.
    """
    if _loggers.http.isEnabledFor(logging.DEBUG):
        _loggers.http.debug(
            "%s %s: %s after %.0f ms, attempt %d",
            request.method,
            safe_url(request.url),
            type(error).__name__,
            1000 * (time.monotonic() - sent_at),
            attempt,
        )


def log_retry(error: AnaplanException, pause: float, attempt: int, attempts: int) -> None:
    """Log and count that a request is sent again.

    Args:
        error: Why.
        pause: Seconds until then.
        attempt: The number of the next attempt.
        attempts: How many attempts there are at most.
    """
    _telemetry.count_retry(error, pause)
    _loggers.http.info(
        "Retrying in %.1f s, attempt %d of %d, after: %s", pause, attempt, attempts, error
    )
