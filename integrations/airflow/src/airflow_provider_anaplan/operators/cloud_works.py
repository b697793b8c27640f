"""The operator that runs CloudWorks integrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_anaplan.operators.base import AnaplanRunOperator
from airflow_provider_anaplan.triggers.anaplan import AnaplanRunTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_anaplan.triggers.anaplan import AnaplanTrigger
    from anaplan_sdk import Client, RunStore


class AnaplanCloudWorksOperator(AnaplanRunOperator):
    """Runs a CloudWorks integration exactly once.

    Args:
        integration_id: The integration.
        **kwargs: Arguments of `AnaplanRunOperator`.
    """

    template_fields: Sequence[str] = (*AnaplanRunOperator.template_fields, "integration_id")

    def __init__(self, *, integration_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.integration_id = integration_id

    def describe(self) -> str:
        """Name what is run, for messages.

        Returns:
            The kind and the id.
        """
        return f"Integration {self.integration_id}"

    def start(self, client: Client, store: RunStore) -> str:
        """Start the run, or find the one that an earlier attempt has started.

        Args:
            client: A client.
            store: Where the run is recorded.

        Returns:
            The id of the run.

        Raises:
            AnaplanException: It was not started, or that is unknown.
        """
        return client.cw.run_integration(self.integration_id, run_store=store)

    def finish(
        self,
        client: Client,
        context: Context,  # noqa: ARG002 - as the base class has it
        run_id: str,
        timeout: float | None,
    ) -> dict[str, Any]:
        """Wait for the end of the run.

        Args:
            client: A client.
            context: The context of the task instance.
            run_id: The run.
            timeout: Seconds to wait; None waits without limit.

        Returns:
            `integration_id`, `run_id`, `message`, and `error_code`: None, or CloudWorks' code for a
            success with refused rows.

        Raises:
            AnaplanException: The run failed, or did not end in time.
        """
        run = client.cw.wait_for_run(run_id, timeout=timeout, on_progress=self.log_progress)
        if run.execution_error_code is not None:
            self.log.warning("%s: %s (%s)", self.describe(), run.message, run.execution_error_code)
        return {
            "integration_id": self.integration_id,
            "run_id": run_id,
            "message": run.message,
            "error_code": run.execution_error_code,
        }

    def cancel(self, client: Client, run_id: str) -> None:
        """Ask CloudWorks to cancel the run.

        Args:
            client: A client.
            run_id: The run.

        Raises:
            AnaplanException: The request failed.
        """
        # CloudWorks cancels the current run of an integration, whatever its id.
        if not client.cw.get_run_status(run_id).has_ended:
            client.cw.cancel_integration(self.integration_id)

    def trigger(self, **arguments: Any) -> AnaplanTrigger:
        """Create the trigger that waits for the run.

        Args:
            **arguments: Arguments of `AnaplanTrigger`.

        Returns:
            The trigger.
        """
        return AnaplanRunTrigger(integration_id=self.integration_id, **arguments)

    def facts(self, result: dict[str, Any]) -> dict[str, Any]:
        """Choose what asset events contain.

        Args:
            result: What the run did.

        Returns:
            All of it.
        """
        return result
