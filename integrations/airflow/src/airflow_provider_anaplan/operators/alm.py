"""The operator that promotes the structure of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_anaplan.errors import as_airflow_errors
from airflow_provider_anaplan.operators.base import AnaplanOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class AnaplanPromoteOperator(AnaplanOperator):
    """Synchronizes a model to a revision of another model, by default the newest possible.

    Nothing happens when the model already has the revision, so another attempt after a success does
    no harm. An attempt during a synchronization that an earlier one has started compares the models
    again, and Anaplan decides. Anaplan can't cancel a synchronization.

    Args:
        source_model_id: The model whose structure is taken over; `model_id`, or the connection's
            model, is the one that is changed.
        revision_id: The revision; None (the default) takes the newest one that fits.
        dry_run: Whether to compare the models only.
        timeout: Seconds to wait for the comparison and the synchronization together; None (the
            default) waits without limit.
        **kwargs: Arguments of `AnaplanOperator`.
    """

    template_fields: Sequence[str] = (
        *AnaplanOperator.template_fields,
        "source_model_id",
        "revision_id",
    )

    def __init__(
        self,
        *,
        source_model_id: str,
        revision_id: str | None = None,
        dry_run: bool = False,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_model_id = source_model_id
        self.revision_id = revision_id
        # `dry_run` is a method of operators.
        self.compare_only = dry_run
        self.timeout = timeout

    def execute(self, context: Context) -> dict[str, Any]:
        """Promote the structure.

        Args:
            context: The context of the task instance.

        Returns:
            `changed`, `revision_id` and `revision` (its name), `task_id` (None if there was nothing
            to do), and `text`, the outcome in one line.

        Raises:
            AirflowFailException: A retry can't change the failure, such as a model that can't be
                synchronized.
            AirflowException: The synchronization failed.
        """
        with as_airflow_errors(), self.hook.get_conn() as client:
            promotion = client.alm.promote(
                self.source_model_id,
                self.revision_id,
                dry_run=self.compare_only,
                timeout=self.timeout,
            )
        self.log.info("%s", promotion)
        result = {
            "changed": promotion.task is not None,
            "revision_id": promotion.source_revision.id,
            "revision": promotion.source_revision.name,
            "task_id": None if promotion.task is None else promotion.task.id,
            "text": str(promotion),
        }
        self.add_to_asset_events(context, result)
        return result
