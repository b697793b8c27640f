"""OpenTelemetry's API, once the program has loaded it."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from anaplan_sdk._telemetry import names
from anaplan_sdk._version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram

_NAME = "anaplan_sdk"
_SCHEMA = "https://opentelemetry.io/schemas/1.38.0"
# OpenTelemetry loads the provider that these variables name when it is first asked for one.
_PROVIDERS = ("OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER")
_IS_NAMED = any(name in os.environ for name in _PROVIDERS)
_MODULES = ("opentelemetry.trace", "opentelemetry.metrics")
# Bounds of the buckets, in seconds. Those of requests are OpenTelemetry's.
_REQUEST_BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5),
    *(0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0),
)
_WORK_BUCKETS = (
    *(0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
    *(600.0, 1800.0, 3600.0, 7200.0, 14400.0),
)


class Api:
    """The tracer and the instruments of this SDK, of the providers that the program has set."""

    def __init__(self) -> None:
        from opentelemetry import context, metrics, trace

        self.context = context
        self.trace = trace
        self._metrics = metrics
        self._tracers = trace.get_tracer_provider()
        self._meters = metrics.get_meter_provider()
        self.is_on = not (_is_no_op(self._tracers) and _is_no_op(self._meters))
        self.tracer = trace.get_tracer(_NAME, __version__, schema_url=_SCHEMA)
        meter = metrics.get_meter(_NAME, __version__, schema_url=_SCHEMA)

        def histogram(name: str, description: str, buckets: tuple[float, ...]) -> Histogram:
            make = partial(meter.create_histogram, name, "s", description)
            try:
                return make(explicit_bucket_boundaries_advisory=buckets)
            except TypeError:  # Versions before 1.30 know no such advice.
                return make()

        def counter(name: str, unit: str, description: str) -> Counter:
            return meter.create_counter(name, unit, description)

        self.durations = {
            names.REQUEST_DURATION: histogram(
                names.REQUEST_DURATION, "Duration of HTTP client requests.", _REQUEST_BUCKETS
            ),
            names.TASK_DURATION: histogram(
                names.TASK_DURATION, "Time that tasks were waited for.", _WORK_BUCKETS
            ),
            names.PAUSE_DURATION: histogram(
                names.PAUSE_DURATION, "Length of pauses after a 429.", _WORK_BUCKETS
            ),
        }
        self.counters = {
            name: counter(name, unit, description)
            for name, unit, description in (
                (names.RETRIES, "{retry}", "Requests that were sent again after an error."),
                (names.PAUSES, "{pause}", "Pauses of all requests after a 429."),
                (names.RENEWALS, "{renewal}", "Tokens obtained or refreshed, and failures to."),
                (names.TRANSFERRED, "By", "Uncompressed content of files and pages."),
                (names.TABLE_ROWS, "{row}", "Rows of tables sent and received."),
                (names.TABLE_REFUSED_ROWS, "{row}", "Rows of tables in failure dumps."),
            )
        }

    @property
    def is_current(self) -> bool:
        """Whether these are still the providers."""
        return (
            self.trace.get_tracer_provider() is self._tracers
            and self._metrics.get_meter_provider() is self._meters
        )


_api: Api | None = None


def api() -> Api | None:
    """Return OpenTelemetry's API; None if the program has set no provider.

    A program that sets one has loaded the API, so the SDK does not load it for others.
    """
    global _api  # noqa: PLW0603 - made again for other providers only
    found = _api
    if found is None or not found.is_current:
        loaded = sys.modules
        if _MODULES[0] not in loaded and _MODULES[1] not in loaded and not _IS_NAMED:
            return None
        try:
            _api = found = Api()
        except ImportError:  # A part of it is missing.
            return None
    return found if found.is_on else None


def _is_no_op(provider: object) -> bool:
    """Whether a provider is one of the API's own, which record nothing."""
    return type(provider).__module__.startswith(_MODULES)
