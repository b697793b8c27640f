"""Waiting for a model that is opening, busy, locked or offline, when a request to it has failed."""

from __future__ import annotations

import re
from http import HTTPStatus

from anaplan_sdk import _loggers
from anaplan_sdk._async.transport.polling import growing_pauses, poll_until
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    AnaplanException,
    AnaplanTimeoutException,
    ModelUnavailableException,
)
from anaplan_sdk.models import ModelStatus
from anaplan_sdk.models._envelopes import ObjectReply

STATUS = ObjectReply[ModelStatus]("requestStatus", ModelStatus)

_MODEL_PATH = re.compile(r"(?P<model>/2/0(/workspaces/[^/]+)?/models/[^/]+)(?P<rest>/.*)?")
# A closed model opens when a request arrives.
_READY = ("Open", "Closed")

# An archived or deployed model stays so until someone changes it.
_PERMANENT = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_EARLY)
# These may have other reasons, which the model's status shows.
_POSSIBLE = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


def status_path(path: str) -> str | None:
    """Return the path of the status of the model that a path belongs to, if it does."""
    found = _MODEL_PATH.fullmatch(path)
    # The status and the description of a model are available whatever the model does.
    if found is None or found["rest"] in (None, "/status"):
        return None
    return f"{found['model']}/status"


class ModelWait:
    """How long one request waits for its model.

    Args:
        poll: Asks for the model's status.
        seconds: How long to wait in total, from the first failure.
        delay: Seconds between two polls once the pauses have stopped growing.
        request_deadline: The deadline of the request.
    """

    def __init__(
        self,
        poll: runtime.Poll[ModelStatus],
        seconds: float,
        delay: float,
        request_deadline: Deadline,
    ) -> None:
        self._poll = poll
        self._seconds = seconds
        self._delay = delay
        self._request_deadline = request_deadline
        self._deadline: Deadline | None = None
        self._pauses = growing_pauses(delay)
        self._step = ""

    async def should_resend(self, error: AnaplanException, retry: Retry) -> bool:
        """Wait if a request failed because of its model; whether to send it again afterwards.

        Args:
            error: The error of the request.
            retry: When the call allows a retry.

        Raises:
            ModelUnavailableException: The model did not become available in time.
        """
        may_resend = retry is not Retry.IF_NOT_PERFORMED or error.not_performed
        # Comparisons report a missing role by one of these statuses, but without a reason.
        is_refused = isinstance(error, ModelUnavailableException) and (
            error.status_code not in _PERMANENT and bool(error.reason)
        )
        # Gateways also cut connections on which nothing is sent for long.
        is_cut = isinstance(error, AnaplanTimeoutException | AnaplanConnectionException)
        if not may_resend or not (is_refused or is_cut or error.status_code in _POSSIBLE):
            return False
        if self._deadline is None:
            own = Deadline.after(self._seconds)
            self._deadline = min(own, self._request_deadline, key=lambda deadline: deadline.at)
        if is_cut and self._deadline.expired:
            return False
        try:
            step = self._note((await self._poll()).current_step)
        except AnaplanException as problem:
            _loggers.http.warning("The status of the model can't be read: %s", problem)
            return False
        if step == "Open" and not is_refused:
            return False
        if self._deadline.expired:
            raise self._unavailable(error) from error
        _loggers.http.info(
            "Waiting for the model, which is %r, up to %.1f s, after: %s",
            step,
            self._deadline.clamp(self._seconds),
            error,
        )
        if step in _READY:
            await runtime.sleep(self._deadline.clamp(next(self._pauses)))
            return True
        return await self._wait_until_ready(error, self._deadline)

    async def _wait_until_ready(self, error: AnaplanException, deadline: Deadline) -> bool:
        """Wait until the model is open or closed; return False if its status can't be read."""
        try:
            is_ready = await poll_until(
                self._poll,
                lambda status: True if self._note(status.current_step) in _READY else None,
                delay=self._delay,
                deadline=deadline,
                on_timeout=lambda _: False,
                skip_failures=True,
            )
        except AnaplanException as problem:
            _loggers.http.warning("The status of the model can't be read: %s", problem)
            if not problem.retryable:
                return False
            is_ready = False
        if not is_ready:
            raise self._unavailable(error) from error
        return True

    def _note(self, step: str) -> str:
        self._step = step
        return step

    def _unavailable(self, error: AnaplanException) -> ModelUnavailableException:
        known = error.state if isinstance(error, ModelUnavailableException) else None
        when = f"after {self._seconds} seconds"
        if self._deadline is self._request_deadline:
            when = "at the deadline of the request"
        return error.as_type(
            ModelUnavailableException,
            f"The model was still {known or self._step!r} {when}: {error.message}",
            retryable=True,
            current_step=self._step,
        )
