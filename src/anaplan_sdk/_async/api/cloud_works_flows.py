"""CloudWorks's integration flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from anaplan_sdk._async.api.cloud_works_runs import CloudRuns, start_run
from anaplan_sdk._async.api.namespace import ApiNamespace, body_of, segment
from anaplan_sdk._async.transport.recovery import Made, once
from anaplan_sdk._http.dates import stamp
from anaplan_sdk._http.replies import decode
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import Listing, Single
from anaplan_sdk.models.flows import Flow, FlowInput, FlowSummary


class _Created(AnaplanModel):
    integration_flow_id: str


_FLOWS = Listing("integrationFlows", FlowSummary)
_FLOW = Single[Flow]("integrationFlow", Flow)
_CREATED = Single[_Created]("integrationFlow", _Created)


class Flows(ApiNamespace):
    """Integrations that run one after another. A flow is scheduled as an integration is."""

    async def get_flows(self, current_user_only: bool = False) -> list[FlowSummary]:
        """Lists the flows, without their steps.

        Args:
            current_user_only: Keeps those this user made.
        """
        params = {"myIntegrations": "1"} if current_user_only else {}
        return await self._list(_FLOWS, self._root, **params)

    async def get_flow(self, flow_id: str) -> Flow:
        """One flow with its steps.

        Raises:
            InvalidIdentifierException: No such flow.
        """
        return await self._get(_FLOW, self._flow(flow_id))

    async def create_flow(self, flow: FlowInput | Mapping[str, object]) -> str:
        """Makes a flow.

        Returns:
            The flow's id.

        Raises:
            ValueError: It has fewer than two steps to run, or a step depends on a later one.
            OutcomeUnknownException: The answer was lost, and no such flow was found.
        """
        body = body_of(FlowInput, flow)
        name = str(body["name"])

        async def send() -> Made:
            response = await self._session.send("POST", self._root, json=body)
            return Made(decode(_CREATED.adapter, response).value.integration_flow_id)

        made = await once(
            self._session,
            send,
            self.get_flows,
            lambda flow, since: flow.name == name and 1000 * stamp(flow.creation_date) >= since,
            key=f"{self._root} {name}",
            what=f"Flow {name!r} may have been made",
            settle_time=self._settings.settle_time,
            repeats=False,
            words_refusals=True,
        )
        return made.id

    async def update_flow(self, flow_id: str, flow: FlowInput | Mapping[str, object]) -> None:
        """Replaces a flow's definition.

        Raises:
            ValueError: As for `create_flow`.
        """
        await self._session.send("PUT", self._flow(flow_id), json=body_of(FlowInput, flow))

    async def run_flow(self, flow_id: str, only_steps: Iterable[str] | None = None) -> str:
        """Starts a flow, once, as `run_integration` starts an integration.

        Args:
            flow_id: The flow.
            only_steps: The integrations, by id, to run of it; all when not given.

        Returns:
            The run's id.

        Raises:
            ValueError: `only_steps` is given and empty.
            AnaplanRequestException: It is running already (409).
            OutcomeUnknownException: It can't be told whether it was started.
        """
        body: dict[str, object] | None = None
        if only_steps is not None:
            steps = [only_steps] if isinstance(only_steps, str) else list(only_steps)
            if not steps:
                raise ValueError("only_steps is empty: leave it out to run all steps.")
            body = {"stepsToRun": steps}
        return await start_run(
            self._session,
            self._settings,
            f"{self._flow(flow_id)}/run",
            body,
            lambda: self._namespace(CloudRuns).get_run_history(flow_id),
            what=f"Flow {flow_id}",
            sources=("manual", "manual_inf"),
        )

    async def delete_flow(self, flow_id: str) -> None:
        """Deletes a flow; its integrations stay."""
        await self._delete(self._flow(flow_id))

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.cloud_works}/integrationflows"

    def _flow(self, flow_id: str) -> str:
        return f"{self._root}/{segment(flow_id)}"
