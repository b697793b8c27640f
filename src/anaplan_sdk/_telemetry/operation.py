"""Pieces of work, each of which is a span."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anaplan_sdk import _loggers
from anaplan_sdk._telemetry import names
from anaplan_sdk._telemetry.api import Api, api
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    AnaplanTimeoutException,
    IntegrationRunException,
    OutcomeUnknownException,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_KEY = "anaplan_sdk.operation"
_OUTCOMES = (
    (AnaplanActionCancelledException, "cancelled"),
    (AnaplanActionError, "failed"),
    (IntegrationRunException, "failed"),
    (AnaplanTimeoutException, "timed_out"),
    (OutcomeUnknownException, "unknown"),
)


class Operation:
    """A piece of work that nobody traces: nothing here does anything.

    An operation is a context manager for work in one function. Work that goes on in a generator
    must not be the current one where the generator yields, since its caller would be traced as a
    part of it: `until_closed` covers the generator, and `bound` each request in it.
    """

    __slots__ = ()

    def __enter__(self) -> Self:
        """Make it the current one."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, with an error if there is one."""

    def bound(self) -> AbstractContextManager[object]:
        """Make it the current one for a while, in any task or thread."""
        return self

    def opening(self) -> AbstractContextManager[object]:
        """Make it the current one for a while, and end it at an error only."""
        return self

    def until_closed(self) -> AbstractContextManager[object]:
        """End it with the generator that has this as its context manager."""
        return self

    def set(self, attributes: names.Attributes) -> None:
        """Describe it."""

    def label(self, attributes: names.Attributes) -> None:
        """Describe it, and the measurement of its duration: few different values only."""

    def event(self, name: str, attributes: names.Attributes) -> None:
        """Record that something has happened."""

    def fail(self, kind: str) -> None:
        """Mark it as failed, by what is no exception."""

    def end(self, error: BaseException | None = None) -> None:
        """End it."""


OFF = Operation()
"""What is not traced."""


class _RecordedOperation(Operation):
    """A piece of work with a span.

    Args:
        telemetry: OpenTelemetry's API.
        span: The span, which has begun.
        duration: The metric of its duration.
        labels: Attributes of this metric.
        is_request: Whether it is an HTTP request, to which no other event belongs.
    """

    __slots__ = (
        "_api",
        "_bound",
        "_context",
        "_duration",
        "_is_ended",
        "_labels",
        "_span",
        "_started_at",
    )

    def __init__(
        self,
        telemetry: Api,
        span: Span,
        duration: str | None,
        labels: names.Attributes,
        *,
        is_request: bool,
    ) -> None:
        self._api = telemetry
        self._span = span
        self._duration = duration
        self._labels = dict(labels)
        self._started_at = time.perf_counter()
        self._is_ended = False
        self._context: Context = telemetry.trace.set_span_in_context(span)
        if not is_request:
            self._context = telemetry.context.set_value(_KEY, self, self._context)
        self._bound: AbstractContextManager[object] | None = None

    def __enter__(self) -> Self:
        self._bound = self.bound()
        self._bound.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bound is not None:
            self._bound.__exit__(None, None, None)
        self.end(error)

    @contextmanager
    def bound(self) -> Generator[None]:
        token = self._api.context.attach(self._context)
        try:
            yield
        finally:
            self._api.context.detach(token)

    @contextmanager
    def opening(self) -> Generator[None]:
        try:
            with self.bound():
                yield
        except BaseException as error:
            self.end(error)
            raise

    @contextmanager
    def until_closed(self) -> Generator[None]:
        try:
            yield
        except GeneratorExit:
            self.event(names.CLOSED_EARLY, {})
            self.end()
            raise
        except BaseException as error:
            self.end(error)
            raise
        self.end()

    def set(self, attributes: names.Attributes) -> None:
        if not self._is_ended:
            self._span.set_attributes(dict(attributes))

    def label(self, attributes: names.Attributes) -> None:
        self._labels.update(attributes)
        self.set(attributes)

    def event(self, name: str, attributes: names.Attributes) -> None:
        if not self._is_ended:
            self._span.add_event(name, dict(attributes))

    def fail(self, kind: str) -> None:
        if names.ERROR_TYPE not in self._labels:
            self.label({names.ERROR_TYPE: kind})
            self._span.set_status(self._api.trace.StatusCode.ERROR)

    def end(self, error: BaseException | None = None) -> None:
        if self._is_ended:
            return
        if error is not None:
            self._record(error)
        if self._duration == names.TASK_DURATION:
            self.label({names.TASK_OUTCOME: _outcome_of(error)})
        self._is_ended = True
        with _guarded():
            self._span.end()
        if self._duration is not None:
            elapsed = time.perf_counter() - self._started_at
            with self.bound():  # The span can be an example of the measurement.
                self._api.durations[self._duration].record(elapsed, self._labels)

    def _record(self, error: BaseException) -> None:
        self.fail(error_type(error))
        attributes = {names.EXCEPTION_TYPE: error_type(error)}
        # Others may quote what they failed on, and no traceback is recorded: it may be long, and
        # some tools add variables to it.
        if isinstance(error, AnaplanException):
            attributes[names.EXCEPTION_MESSAGE] = str(error)
        self._span.add_event(names.EXCEPTION, attributes)


def is_on() -> bool:
    """Whether the program has set a provider of traces or metrics."""
    return api() is not None


def begin(
    name: str, attributes: names.Attributes | None = None, *, duration: str | None = None
) -> Operation:
    """Begin a piece of work, as a part of the current one.

    Args:
        name: The name of its span.
        attributes: What describes it.
        duration: The metric of its duration, if there is one.

    Returns:
        The operation, which has to be ended.
    """
    if (telemetry := api()) is None:
        return OFF
    operation = OFF
    with _guarded():
        span = telemetry.tracer.start_span(name, attributes=attributes)
        operation = _RecordedOperation(telemetry, span, duration, {}, is_request=False)
    return operation  # noqa: RET504 - it is OFF after an error


def begin_request(name: str, attributes: names.Attributes, labels: names.Attributes) -> Operation:
    """Begin an HTTP request.

    Args:
        name: The name of its span.
        attributes: What describes the span in addition to the labels.
        labels: What describes both the span and the measurement of its duration.
    """
    if (telemetry := api()) is None:
        return OFF
    operation = OFF
    with _guarded():
        span = telemetry.tracer.start_span(
            name, kind=telemetry.trace.SpanKind.CLIENT, attributes={**labels, **attributes}
        )
        operation = _RecordedOperation(
            telemetry, span, names.REQUEST_DURATION, labels, is_request=True
        )
    return operation  # noqa: RET504 - it is OFF after an error


def current() -> Operation:
    """Return the operation that the caller is a part of, other than a request."""
    if (telemetry := api()) is None:
        return OFF
    found = telemetry.context.get_value(_KEY)
    return found if isinstance(found, Operation) else OFF


def error_type(error: BaseException) -> str:
    """Return the public name of an exception's class: "anaplan_sdk.AnaplanActionError"."""
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


@contextmanager
def _guarded() -> Generator[None]:
    """Log an error of the program's span processors or sampler: the work goes on without a span."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - it is not the SDK's, and of any kind
        _loggers.telemetry.warning("A span can't be recorded: %s", type(error).__name__)


def _outcome_of(error: BaseException | None) -> str:
    if error is None:
        return "completed"
    return next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "error")
