"""Triggers that wait for work at Anaplan while no worker is occupied."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_anaplan.hooks.anaplan import AnaplanHook
from anaplan_sdk import exceptions

if TYPE_CHECKING:
    from anaplan_sdk import AsyncClient

# Seconds: Airflow allows `on_kill` 30 by default.
_CANCEL_TIMEOUT = 25


class AnaplanTrigger(BaseTrigger):
    """Waits for work at Anaplan. Its end, and any error, are for the operator that resumes.

    It keeps no state: a triggerer that is restarted waits again, and cancels nothing.

    Args:
        anaplan_conn_id: The connection.
        run_id: What to wait for.
        workspace_id: Workspace to use instead of the connection's.
        model_id: Model to use instead of the connection's.
        end_time: When to stop waiting, in seconds since 1970; None waits without limit.
        poll_interval: Seconds between two requests for the status.
        cancel_on_kill: Whether the work is cancelled at Anaplan when a user ends the task.
    """

    def __init__(
        self,
        *,
        anaplan_conn_id: str,
        run_id: str,
        workspace_id: str | None = None,
        model_id: str | None = None,
        end_time: float | None = None,
        poll_interval: float = 10,
        cancel_on_kill: bool = True,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.anaplan_conn_id = anaplan_conn_id
        self.run_id = run_id
        self.workspace_id = workspace_id
        self.model_id = model_id
        self.end_time = end_time
        self.poll_interval = poll_interval
        self.cancel_on_kill = cancel_on_kill

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to create this trigger.

        Returns:
            The path of the class, and its arguments. None of them is a secret.
        """
        names = (
            "anaplan_conn_id",
            "run_id",
            "workspace_id",
            "model_id",
            "end_time",
            "poll_interval",
            "cancel_on_kill",
        )
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the end.

        Yields:
            One event: the run, and when its operator has to stop waiting.
        """
        timeout = None if self.end_time is None else max(0.0, self.end_time - time.time())
        try:
            async with await self._hook().get_async_conn() as client:
                await self.wait(client, timeout)
        except exceptions.AnaplanException as error:
            # The operator asks again and fails with the same error, unless it was temporary.
            self.log.info("Stopped waiting for %s: %s", self.run_id, error)
        event = {"run_id": self.run_id, "end_time": self.end_time}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Cancel the work when a user ends or clears the task.

        Airflow calls this from 3.3 on, and not when a triggerer stops.
        """
        if not self.cancel_on_kill:
            return
        async with asyncio.timeout(_CANCEL_TIMEOUT), await self._hook().get_async_conn() as client:
            await self.cancel(client)

    @abstractmethod
    async def wait(self, client: AsyncClient, timeout: float | None) -> None:
        """Wait until the work has ended, successfully or not.

        Args:
            client: A client.
            timeout: Seconds to wait; None waits without limit.

        Raises:
            AnaplanException: The work failed, or it is unknown how it ended.
        """

    @abstractmethod
    async def cancel(self, client: AsyncClient) -> None:
        """Ask Anaplan to cancel the work.

        Args:
            client: A client.

        Raises:
            AnaplanException: The request failed.
        """

    def _hook(self) -> AnaplanHook:
        return AnaplanHook(
            self.anaplan_conn_id,
            workspace_id=self.workspace_id,
            model_id=self.model_id,
            status_poll_delay=self.poll_interval,
        )


class AnaplanTaskTrigger(AnaplanTrigger):
    """Waits for a task of an import, an export, a process or another action.

    Args:
        action_id: The import (112…), export (116…), other action (117…) or process (118…).
        **kwargs: Arguments of `AnaplanTrigger`; `run_id` is the task.
    """

    def __init__(self, *, action_id: int | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.action_id = action_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to create this trigger.

        Returns:
            The path of the class, and its arguments.
        """
        path, arguments = super().serialize()
        return path, {"action_id": self.action_id, **arguments}

    async def wait(self, client: AsyncClient, timeout: float | None) -> None:
        """Wait until the task has ended, successfully or not.

        Args:
            client: A client.
            timeout: Seconds to wait; None waits without limit.

        Raises:
            AnaplanException: The task failed, or it is unknown how it ended.
        """
        await client.wait_for_task(self.action_id, self.run_id, timeout=timeout)

    async def cancel(self, client: AsyncClient) -> None:
        """Ask Anaplan to cancel the task.

        Args:
            client: A client.

        Raises:
            AnaplanException: The request failed.
        """
        await client.cancel_task(self.action_id, self.run_id)


class AnaplanRunTrigger(AnaplanTrigger):
    """Waits for a run of a CloudWorks integration.

    Args:
        integration_id: The integration.
        **kwargs: Arguments of `AnaplanTrigger`; `run_id` is the run.
    """

    def __init__(self, *, integration_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.integration_id = integration_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to create this trigger.

        Returns:
            The path of the class, and its arguments.
        """
        path, arguments = super().serialize()
        return path, {"integration_id": self.integration_id, **arguments}

    async def wait(self, client: AsyncClient, timeout: float | None) -> None:
        """Wait until the run has ended, successfully or not.

        Args:
            client: A client.
            timeout: Seconds to wait; None waits without limit.

        Raises:
            AnaplanException: The run failed, or it is unknown how it ended.
        """
        await client.cw.wait_for_run(self.run_id, timeout=timeout)

    async def cancel(self, client: AsyncClient) -> None:
        """Ask CloudWorks to cancel the run.

        Args:
            client: A client.

        Raises:
            AnaplanException: The request failed.
        """
        # CloudWorks cancels the current run of an integration, whatever its id.
        if not (await client.cw.get_run_status(self.run_id)).has_ended:
            await client.cw.cancel_integration(self.integration_id)
