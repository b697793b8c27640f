"""Spans of requests, by OpenTelemetry's conventions for HTTP clients."""

from __future__ import annotations

import httpx2

from anaplan_sdk import _telemetry
from anaplan_sdk._http.attempt import Attempt
from anaplan_sdk._http.redaction import safe_url
from anaplan_sdk._http.url_template import url_template
from anaplan_sdk._telemetry import Operation, names

_PORTS = {"http": 80, "https": 443}


def begin_request(request: httpx2.Request, attempt: Attempt) -> Operation:
    """Begin the span of a request, which ends when its reply was read.

    Args:
        request: The request.
        attempt: Which attempt it is a part of.
    """
    if not _telemetry.is_on():
        return _telemetry.OFF
    url = request.url
    template = url_template(url.raw_path.partition(b"?")[0].decode("ascii", "replace"))
    labels: dict[str, str | int] = {
        names.METHOD: request.method,
        names.URL_TEMPLATE: template,
        names.SERVER_ADDRESS: url.host,
        names.SERVER_PORT: url.port or _PORTS.get(url.scheme, 0),
    }
    attributes: dict[str, str | int] = {names.URL: safe_url(url)}
    if attempt.resend_count:
        attributes[names.RESEND_COUNT] = attempt.resend_count
    return _telemetry.begin_request(f"{request.method} {template}", attributes, labels)


def record_reply(span: Operation, response: httpx2.Response) -> None:
    """Record the status of a reply.

    Args:
        span: The span of its request.
        response: The reply.
    """
    if span is _telemetry.OFF:
        return
    protocol = response.http_version.removeprefix("HTTP/")
    span.label({names.STATUS_CODE: response.status_code, names.PROTOCOL_VERSION: protocol})
    if response.is_error:
        span.fail(str(response.status_code))
