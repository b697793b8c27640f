"""Whether a model is open, and opening and closing it."""

from __future__ import annotations

from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.models import Model, ModelStatus, ModelWithTransactionInfo
from anaplan_sdk.models._envelopes import Single
from anaplan_sdk.progress import Progress, ProgressCallback

_MODEL = Single[ModelWithTransactionInfo]("model", ModelWithTransactionInfo)
_STATUS = Single[ModelStatus]("requestStatus", ModelStatus)


class ModelState(ApiNamespace):
    """The model's state."""

    async def get_model_details(self) -> Model:
        """The model with its details."""
        return await self._get(_MODEL, self._model, modelDetails="true")

    async def get_model_status(self) -> ModelStatus:
        """What the model is doing: whether it is open or closed, and what keeps it busy."""
        return await self._get(_STATUS, f"{self._model}/status")

    async def wake_model(
        self,
        *,
        wait: bool = False,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Has Anaplan load the model, which it unloads after an hour without use.

        Args:
            wait: Returns when the model is open, as `wait_for_model` does.
            timeout: Seconds to wait; no limit when not given.
            on_progress: Told of every look at the model's status.

        Raises:
            ModelUnavailableException: The model is archived (422), locked (423) or offline (424).
            InvalidIdentifierException: No such model, or this user may not open it.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
        """
        if wait:
            await self.wait_for_model(timeout=timeout, on_progress=on_progress)
        else:
            await self._open()

    async def wait_for_model(
        self, *, timeout: float | None = None, on_progress: ProgressCallback | None = None
    ) -> ModelStatus:
        """Opens the model and waits until its status says so.

        Arguments and errors are those of `wake_model`.
        """
        check_timeout(timeout)

        async def poll() -> ModelStatus:
            status = await self.get_model_status()
            if on_progress is not None:
                share = max(0.0, status.progress)
                on_progress(Progress(status.current_step, share, 1.0))
            return status

        await self._open()
        return await wait_until(
            poll,
            lambda status: status if status.current_step == "Open" else None,
            delay=self._settings.status_poll_delay,
            timeout=timeout,
            describe=lambda status: f"The model is not open but {status.current_step!r}",
        )

    async def close_model(self) -> None:
        """Unloads the model, for which the user must be a workspace administrator.

        Raises:
            PermissionDeniedException: This user is none.
            ModelUnavailableException: The model is archived (422), locked (423) or offline (424).
        """
        await self._session.send("POST", f"{self._model}/close", retry=Retry.SAFE)

    async def _open(self) -> None:
        await self._session.send(
            "POST",
            f"{self._model}/open",
            retry=Retry.SAFE,
            headers={"Content-Type": "application/text"},
        )
