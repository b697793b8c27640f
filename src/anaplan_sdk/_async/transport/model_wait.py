"""Waiting for a model that is waking, busy, locked or offline, as long as a request to it fails."""

from __future__ import annotations

import re
import time
from http import HTTPStatus

from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanTimeoutException,
    ModelUnavailableException,
)
from anaplan_sdk.models import ModelStatus
from anaplan_sdk.models._envelopes import Single

STATUS = Single[ModelStatus]("requestStatus", ModelStatus)

_OF_A_MODEL = re.compile(r"(?P<model>/2/0(/workspaces/[^/]+)?/models/[^/]+)(?P<rest>/.*)?")
_FIRST_PAUSE = 0.1

# A model that is archived or deployed doesn't change by itself.
_LASTING = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_EARLY)
# These may have another reason. The model's status tells.
_PERHAPS = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


def status_path(path: str) -> str | None:
    """Where the status of the model is that a path is about; `None` where it is about none."""
    found = _OF_A_MODEL.fullmatch(path)
    # The status answers whatever the model does. Of a model's description nothing is kept in it.
    if found is None or found["rest"] in (None, "/status"):
        return None
    return f"{found['model']}/status"


class ModelWait:
    """How long one request waits for its model.

    Args:
        look: Asks for the model's status.
        seconds: How long to wait in all, counted from the first failure.
        delay: Seconds between two looks, once they are no longer more frequent.
        deadline: When the request has to be over, by `time.monotonic`.
    """

    def __init__(
        self,
        look: runtime.Poll[ModelStatus],
        seconds: float,
        delay: float,
        deadline: float | None,
    ) -> None:
        self._look = look
        self._seconds = seconds
        self._delay = delay
        self._deadline = deadline
        self._ends: float | None = None
        self._pause = min(_FIRST_PAUSE, delay)

    async def helps(self, error: AnaplanException, allowed: Repeat) -> bool:
        """Waits, if a request failed for the state of its model; whether to send it again then.

        Args:
            error: What the request ended with.
            allowed: What may be repeated.

        Raises:
            ModelUnavailableException: Time is up; it says what the model is.
        """
        if allowed is Repeat.NEVER and not error.not_performed:
            return False
        # What comparisons answer to a lack of rights has no words.
        is_refused = isinstance(error, ModelUnavailableException) and (
            error.status_code not in _LASTING and bool(error.reason)
        )
        # A connection on which nothing comes for long is cut off, too.
        is_late = isinstance(error, AnaplanTimeoutException | AnaplanConnectionException)
        if not (is_refused or is_late or error.status_code in _PERHAPS):
            return False
        if self._ends is None:
            ends = time.monotonic() + self._seconds
            self._ends = ends if self._deadline is None else min(ends, self._deadline)
        if is_late and self._left() == 0:
            return False
        try:
            status = await self._look()
        except AnaplanException:
            # Nobody can tell what the model is doing.
            return False
        step = status.current_step
        if step == "Open" and not is_refused:
            return False
        if self._left() == 0:
            raise self._unavailable(error, step) from error
        if step in ("Open", "Closed"):
            # A model that is closed opens when it is asked for something.
            await runtime.sleep(min(self._pause, self._left()))
            self._pause = min(2 * self._pause, self._delay)
            is_ready = True
        else:
            is_ready = await self._settled(error, step)
        return is_ready

    async def _settled(self, error: AnaplanException, step: str) -> bool:
        """Waits until the model is open or closed; False if nobody can tell any more."""

        async def look() -> ModelStatus | AnaplanException:
            try:
                return await self._look()
            except AnaplanException as problem:
                return problem

        def finished(seen: ModelStatus | AnaplanException) -> bool | None:
            nonlocal step
            if isinstance(seen, AnaplanException):
                return None if seen.retryable else False
            step = seen.current_step
            return True if step in ("Open", "Closed") else None

        try:
            return await wait_until(
                look,
                finished,
                delay=self._delay,
                timeout=self._left(),
                overdue=lambda _: f"The model is {step!r}",
            )
        except AnaplanTimeoutException:
            raise self._unavailable(error, step) from error

    def _left(self) -> float:
        return max(0.0, (self._ends or 0.0) - time.monotonic())

    def _unavailable(self, error: AnaplanException, step: str) -> ModelUnavailableException:
        state = (error.state if isinstance(error, ModelUnavailableException) else None) or step
        is_cut = self._ends == self._deadline
        when = "when the request's time was up" if is_cut else f"after {self._seconds} seconds"
        problem = ModelUnavailableException(
            f"The model was still {state!r} {when}: {error.message}",
            method=error.method,
            url=error.url,
            status_code=error.status_code,
            code=error.code,
            reason=error.reason,
            request_id=error.request_id,
            attempts=error.attempts,
            retryable=True,
            not_performed=error.not_performed,
        )
        problem.current_step = step
        return problem
