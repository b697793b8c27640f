"""CloudWorks' integration flows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from anaplan_sdk._async.api.cloud_works_runs import (
    REFUSAL_CODES,
    CloudRuns,
    start_run,
)
from anaplan_sdk._async.api.namespace import ApiNamespace, json_body, path_segment
from anaplan_sdk._async.transport.recovery import Created, ListedStart
from anaplan_sdk._http.dates import optional_timestamp
from anaplan_sdk._http.replies import find_id
from anaplan_sdk.config import RunStore
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.models.flows import Flow, FlowInput, FlowSummary

_FLOWS = ListReply("integrationFlows", FlowSummary)
_FLOW = ObjectReply[Flow]("integrationFlow", Flow)


class Flows(ApiNamespace):
    """Integration flows: integrations that run one after another.

    All methods need the role Integration Admin or Restricted Integration User. The methods for
    schedules and runs in `client.cw` take the id of a flow, too.
    """

    async def get_flows(self, current_user_only: bool = False) -> list[FlowSummary]:
        """List the flows, without their steps.

        Args:
            current_user_only: Whether to list only flows that the user created.

        Returns:
            The flows.

        Raises:
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get All Integration Flows".
        """
        params = {"myIntegrations": "1"} if current_user_only else {}
        return await self._list(_FLOWS, self._root, **params)

    async def get_flow(self, flow_id: str) -> Flow:
        """Return a flow with its steps.

        Args:
            flow_id: The flow's id.

        Returns:
            The flow.

        Raises:
            InvalidIdentifierException: There is no such flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Integration Flow by ID".
        """
        return await self._get(_FLOW, self._flow(flow_id))

    async def create_flow(self, flow: FlowInput | Mapping[str, object]) -> str:
        """Create a flow.

        The flow is not created twice: when the reply to the request is lost, it is looked up by
        name and time, for up to the client's `settle_time` in seconds.

        Args:
            flow: Its name and at least two steps that are not skipped. A step may only depend on
                steps before it. A dict may use Anaplan's field names or those of the models.

        Returns:
            The flow's id.

        Raises:
            InvalidArgumentException: A field is missing or invalid; fewer than two steps are to
                run; or a step depends on a later one.
            OutcomeUnknownException: It is unknown whether the flow was created.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Create a New Integration Flow".
        """
        body = json_body(FlowInput, flow)
        name = str(body["name"])

        async def send() -> Created:
            response = await self._session.send("POST", self._root, json=body)
            return Created(find_id(response, "integrationFlowId", "id"))

        created = await self._recovery.start(
            send,
            ListedStart(
                find=self.get_flows,
                created_at=lambda flow: optional_timestamp(flow.creation_date),
                matches=lambda flow: flow.name == name,
                key=f"{self._root} {name}",
                what=f"Flow {name!r}",
                verb="created",
                is_named=True,
                refusal_codes=REFUSAL_CODES,
            ),
        )
        return created.id

    async def update_flow(self, flow_id: str, flow: FlowInput | Mapping[str, object]) -> None:
        """Replace a flow's definition, which must be complete.

        Args:
            flow_id: The flow's id.
            flow: Its name and at least two steps that are not skipped. A step may only depend on
                steps before it. A dict may use Anaplan's field names or those of the models.

        Raises:
            InvalidArgumentException: A field is missing or invalid; fewer than two steps are to
                run; or a step depends on a later one.
            InvalidIdentifierException: There is no such flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Edit an Integration Flow".
        """
        await self._session.send("PUT", self._flow(flow_id), json=json_body(FlowInput, flow))

    async def run_flow(
        self,
        flow_id: str,
        only_steps: Iterable[str] | None = None,
        *,
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> str:
        """Start a flow, without waiting for its end.

        The flow is not started twice: when the reply to the request is lost, its run is looked
        up in the history, for up to the client's `settle_time` in seconds. Only when there is none
        by then is the request repeated.

        Args:
            flow_id: The flow's id.
            only_steps: The steps to run, by the ids of their integrations; None (the default)
                runs all.
            run_store: The path of a file, or an object that keeps the record elsewhere, as RunStore
                describes it; None (the default) records nothing. The same call, made again after a
                crash, returns the same run, unless that has failed. Only one process at a time may
                use it.

        Returns:
            The run's id, which `client.cw.wait_for_run` takes.

        Raises:
            InvalidArgumentException: `only_steps` is empty, or `run_store` has the record of
                another run.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read or written; the flow was not started.
            InvalidIdentifierException: There is no such flow.
            AnaplanRequestException: The flow is already running (HTTP 409).
            OutcomeUnknownException: It is unknown whether the flow was started.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Run an Integration Flow".
        """
        body: dict[str, object] | None = None
        if only_steps is not None:
            steps = [only_steps] if isinstance(only_steps, str) else list(only_steps)
            if not steps:
                raise InvalidArgumentException(
                    "only_steps must not be empty: leave it out to run all steps."
                )
            body = {"stepsToRun": steps}
        return await start_run(
            self._session,
            self._recovery,
            self._namespace(CloudRuns),
            flow_id,
            f"{self._flow(flow_id)}/run",
            body,
            what=f"Flow {flow_id}",
            sources=("manual", "manual_inf"),
            run_store=run_store,
        )

    async def delete_flow(self, flow_id: str) -> None:
        """Delete a flow. Its integrations are kept.

        Args:
            flow_id: The flow's id.

        Raises:
            InvalidIdentifierException: There is no such flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Delete an Integration Flow".
        """
        await self._delete(self._flow(flow_id))

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.cloud_works}/integrationflows"

    def _flow(self, flow_id: str) -> str:
        return f"{self._root}/{path_segment(flow_id)}"
