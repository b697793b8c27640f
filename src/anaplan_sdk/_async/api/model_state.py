"""The state of a model: reading its status, opening and closing it."""

from __future__ import annotations

from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transport.polling import wait_until
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk.models import Model, ModelStatus, ModelWithTransactionInfo
from anaplan_sdk.models._envelopes import ObjectReply
from anaplan_sdk.progress import Progress, ProgressCallback

_MODEL = ObjectReply[ModelWithTransactionInfo]("model", ModelWithTransactionInfo)
_STATUS = ObjectReply[ModelStatus]("requestStatus", ModelStatus)


class ModelState(ApiNamespace):
    """The state of a model."""

    async def get_model_details(self) -> Model:
        """Return the client's model with its details.

        Returns:
            The model with its memory usage, dates and so on; an archived model has no memory usage.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve a specific model".
        """
        return await self._get(_MODEL, self._model, modelDetails="true")

    async def get_model_status(self) -> ModelStatus:
        """Return whether the model is open, closed or busy, and what it is doing.

        Returns:
            The status. `current_step` is "Open", "Closed" or what the model is doing; `progress` is
            a share from 0 to 1, or -1 if the model is idle.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Models".
        """
        return await self._get(_STATUS, f"{self._model}/status")

    async def wake_model(self) -> None:
        """Request that Anaplan loads the model, without waiting until it is open.

        Anaplan unloads a model that has not been used for 60 minutes. `wait_for_model` also waits.
        The user must be a workspace administrator.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such model, or the user may not open it.
            ModelUnavailableException: The model is archived (422), locked (423) or offline (424).
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Models".
        """
        await self._session.send(
            "POST",
            f"{self._model}/open",
            retry=Retry.SAFE,
            headers={"Content-Type": "application/text"},
        )

    async def wait_for_model(
        self, *, timeout: float | None = None, on_progress: ProgressCallback | None = None
    ) -> ModelStatus:
        """Request that Anaplan loads the model, and wait until it is open.

        The model's status is requested after 0.1 seconds at first, then at growing intervals of at
        most the client's `status_poll_delay`. The user must be a workspace administrator.

        Args:
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every status of the model: its current step, and
                a share from 0 to 1.

        Returns:
            The status of the open model.

        Raises:
            InvalidArgumentException: `timeout` is negative, or the client has no model.
            InvalidIdentifierException: There is no such model, or the user may not open it.
            ModelUnavailableException: The model is archived (422), locked (423) or offline (424).
            AnaplanTimeoutException: The model was not open within `timeout`.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Models".
        """
        check_timeout(timeout)

        async def poll() -> ModelStatus:
            status = await self.get_model_status()
            if on_progress is not None:
                share = max(0.0, status.progress)
                on_progress(Progress(status.current_step, share, 1.0))
            return status

        await self.wake_model()
        return await wait_until(
            poll,
            lambda status: status if status.current_step == "Open" else None,
            delay=self._config.status_poll_delay,
            timeout=timeout,
            describe=lambda status: f"The model is not open but {status.current_step!r}",
        )

    async def close_model(self) -> None:
        """Close the model, which unloads it.

        Raises:
            InvalidArgumentException: The client has no model.
            PermissionDeniedException: The user is not a workspace administrator.
            InvalidIdentifierException: There is no such model.
            ModelUnavailableException: The model is archived (422), locked (423) or offline (424).
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Close model".
        """
        await self._session.send("POST", f"{self._model}/close", retry=Retry.SAFE)
