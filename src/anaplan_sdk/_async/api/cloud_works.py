"""CloudWorks: connections to clouds, integrations, their runs, schedules and notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeVar

import httpx2
from pydantic import TypeAdapter

from anaplan_sdk._async.api.cloud_works_runs import CloudRuns
from anaplan_sdk._async.api.namespace import body_of, checked, segment, sorting
from anaplan_sdk._async.transport.recovery import Made, once, unclear
from anaplan_sdk._http.dates import stamp
from anaplan_sdk._http.replies import decode, unreadable
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import InvalidIdentifierException
from anaplan_sdk.models._base import AnaplanModel
from anaplan_sdk.models._envelopes import Listing, Single
from anaplan_sdk.models.cloud_works import (
    AmazonS3ConnectionInput,
    AzureBlobConnectionInput,
    Connection,
    ConnectionInput,
    GoogleBigQueryConnectionInput,
    Integration,
    IntegrationInput,
    IntegrationProcessInput,
    NotificationConfig,
    NotificationInput,
    ScheduleInput,
    SingleIntegration,
)

if TYPE_CHECKING:
    from anaplan_sdk._async.api.cloud_works_flows import Flows


class _Created(AnaplanModel):
    connection_id: str | None = None
    integration_id: str | None = None
    notification_id: str | None = None
    integration: _Created | None = None
    notification: _Created | None = None


_CONNECTIONS = Listing("connections", Connection)
_INTEGRATIONS = Listing("integrations", Integration)
_INTEGRATION = Single[SingleIntegration]("integration", SingleIntegration)
_NOTIFICATION = Single[NotificationConfig]("notifications", NotificationConfig)
_CREATED = TypeAdapter(_Created)

D = TypeVar("D", Connection, Integration)


class CloudWorks(CloudRuns):
    """Connections, integrations and what becomes of their runs.

    Every method needs the role Integration Admin or Restricted Integration User; without it
    CloudWorks answers 403, and 452 where the tenant itself isn't entitled.
    """

    @property
    def flows(self) -> Flows:
        """Integrations that run one after another."""
        from anaplan_sdk._async.api.cloud_works_flows import Flows

        return self._namespace(Flows)

    # Connections

    async def get_connections(self) -> list[Connection]:
        """Lists the connections to clouds. CloudWorks gives no secrets away."""
        response = await self._session.send("GET", f"{self._root}/connections")
        return decode(_CONNECTIONS.adapter, response).items

    async def create_connection(self, con_info: ConnectionInput | Mapping[str, object]) -> str:
        """Makes a connection, whose credentials CloudWorks tries at once.

        Args:
            con_info: Its type and body; a dict may use Anaplan's names or ours.

        Returns:
            The connection's id.

        Raises:
            AnaplanRequestException: The credentials are invalid (400).
            OutcomeUnknownException: The answer was lost, and no such connection was found.
        """
        given = checked(ConnectionInput, con_info)
        url = f"{self._root}/connections"

        async def send() -> Made:
            response = await self._session.send("POST", url, json=body_of(ConnectionInput, given))
            return Made(_id_in(response, decode(_CREATED, response).connection_id))

        def is_ours(connection: Connection, since: float) -> bool:
            return (
                connection.connection_type == given.type
                and getattr(connection.body, "name", None) == given.body.name
                and 1000 * stamp(connection.creation_date) >= since
            )

        made = await self._made(send, self.get_connections, is_ours, url, given.body.name)
        return made.id

    async def update_connection(
        self,
        con_id: str,
        con_info: AzureBlobConnectionInput
        | AmazonS3ConnectionInput
        | GoogleBigQueryConnectionInput
        | Mapping[str, object],
    ) -> None:
        """Replaces a connection: CloudWorks wants all of it, the secrets included.

        Args:
            con_id: The connection.
            con_info: The new body; a dict may also have `type` and `body`.
        """
        body = body_of(ConnectionInput, con_info, ConnectionInput.of)
        await self._session.send("PUT", self._connection(con_id), json=body)

    async def patch_connection(self, con_id: str, body: Mapping[str, object]) -> None:
        """Changes members of a connection.

        Anaplan documents this as a partial change, but was seen to refuse bodies that aren't
        whole; `update_connection` is the sure way.

        Args:
            con_id: The connection.
            body: The members to change, by Anaplan's names.
        """
        patch = body if set(body) == {"body"} else {"body": dict(body)}
        await self._session.send("PATCH", self._connection(con_id), json=patch)

    async def delete_connection(self, con_id: str) -> None:
        """Deletes a connection.

        Raises:
            AnaplanRequestException: An integration uses it (409).
        """
        await self._delete(self._connection(con_id))

    # Integrations

    async def get_integrations(
        self,
        sort_by: Literal["name"] | None = None,
        descending: bool = False,
        *,
        current_user_only: bool = False,
        model_id: str | None = None,
    ) -> list[Integration]:
        """Lists the integrations, without their jobs.

        Args:
            sort_by: The field to sort by; CloudWorks's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
            current_user_only: Keeps those this user made.
            model_id: Keeps those of one model. CloudWorks can't do that any more, so all are read.
        """
        params: dict[str, str] = {}
        if order := sorting(sort_by, descending, {"name": "name"}):
            # Here an order without a sign goes upwards.
            params["sortBy"] = order["sort"].removeprefix("+")
        if current_user_only:
            params["myIntegrations"] = "1"
        integrations = await self._list(_INTEGRATIONS, self._root, **params)
        if model_id is None:
            return integrations
        return [each for each in integrations if each.model_id == model_id]

    async def get_integration(self, integration_id: str) -> SingleIntegration:
        """One integration with its jobs.

        Raises:
            InvalidIdentifierException: No such integration.
        """
        return await self._get(_INTEGRATION, self._integration(integration_id))

    async def create_integration(
        self, body: IntegrationInput | IntegrationProcessInput | Mapping[str, object]
    ) -> str:
        """Makes an integration, and notifications with it.

        Args:
            body: Its name, model, and jobs or process.

        Returns:
            The integration's id.

        Raises:
            AnaplanRequestException: The name is taken, an action isn't in the model, or the tenant
                has 500 integrations.
            OutcomeUnknownException: The answer was lost, and no such integration was found.
        """
        given = _integration_body(body)
        name = str(given["name"])

        async def send() -> Made:
            response = await self._session.send("POST", self._root, json=given)
            created = decode(_CREATED, response)
            return Made(_id_in(response, (created.integration or created).integration_id))

        def is_ours(integration: Integration, since: float) -> bool:
            return integration.name == name and 1000 * stamp(integration.creation_date) >= since

        return (await self._made(send, self.get_integrations, is_ours, self._root, name)).id

    async def update_integration(
        self,
        integration_id: str,
        body: IntegrationInput | IntegrationProcessInput | Mapping[str, object],
    ) -> None:
        """Replaces an integration's definition."""
        url = self._integration(integration_id)
        await self._session.send("PUT", url, json=_integration_body(body))

    async def delete_integration(self, integration_id: str) -> None:
        """Deletes an integration, its schedule and its history.

        Raises:
            AnaplanRequestException: It is running (409).
        """
        await self._delete(self._integration(integration_id))

    # Schedules

    async def create_schedule(
        self, integration_id: str, schedule: ScheduleInput | Mapping[str, object]
    ) -> None:
        """Gives an integration or a flow a schedule; it can have one.

        Raises:
            ValueError: The schedule lacks what its type needs.
            OutcomeUnknownException: The answer was lost: `get_integration` or `get_flow` shows
                whether there is a schedule now.
        """
        with unclear(f"{integration_id} may have been given a schedule"):
            await self._send_schedule("POST", integration_id, schedule)

    async def update_schedule(
        self, integration_id: str, schedule: ScheduleInput | Mapping[str, object]
    ) -> None:
        """Replaces a schedule.

        Raises:
            ValueError: The schedule lacks what its type needs.
        """
        await self._send_schedule("PUT", integration_id, schedule)

    async def set_schedule_status(
        self, integration_id: str, status: Literal["enabled", "disabled"]
    ) -> None:
        """Turns a schedule on or off."""
        if status not in ("enabled", "disabled"):
            raise ValueError(f"status must be enabled or disabled, not {status!r}.")
        url = f"{self._integration(integration_id)}/schedule/status/{status}"
        await self._session.send("POST", url, repeat=Repeat.SAFE)

    async def delete_schedule(self, integration_id: str) -> None:
        """Deletes a schedule."""
        await self._delete(f"{self._integration(integration_id)}/schedule")

    # Notifications

    async def get_notification_config(
        self, notification_id: str | None = None, integration_id: str | None = None
    ) -> NotificationConfig:
        """The notifications of an integration; give its id or theirs.

        Raises:
            ValueError: Neither was given, or both.
            InvalidIdentifierException: There are none.
        """
        notification = await self._notification(notification_id, integration_id)
        return await self._get(_NOTIFICATION, notification)

    async def create_notification_config(
        self, config: NotificationInput | Mapping[str, object]
    ) -> str:
        """Sets notifications up. An integration is made with some: change those instead.

        Returns:
            Their id.

        Raises:
            AnaplanRequestException: The integration has some already (400).
            OutcomeUnknownException: The answer was lost: `get_integration` shows whether there are
                some now.
        """
        body = body_of(NotificationInput, config)
        with unclear("Notifications may have been set up"):
            response = await self._session.send("POST", f"{self._root}/notification", json=body)
            created = decode(_CREATED, response)
            return _id_in(response, (created.notification or created).notification_id)

    async def update_notification_config(
        self, notification_id: str, config: NotificationInput | Mapping[str, object]
    ) -> None:
        """Replaces notifications."""
        body = body_of(NotificationInput, config)
        url = f"{self._root}/notification/{segment(notification_id)}"
        await self._session.send("PUT", url, json=body)

    async def delete_notification_config(
        self, notification_id: str | None = None, integration_id: str | None = None
    ) -> None:
        """Deletes the notifications of an integration; give its id or theirs.

        Raises:
            ValueError: Neither was given, or both.
        """
        await self._delete(await self._notification(notification_id, integration_id))

    async def _made(
        self,
        send: runtime.Poll[Made],
        look: runtime.Poll[list[D]],
        is_ours: Callable[[D, float], bool],
        url: str,
        name: str,
    ) -> Made | D:
        """Makes a connection or an integration once, and finds it by name if the answer is lost."""
        return await once(
            self._session,
            send,
            look,
            is_ours,
            key=f"{url} {name}",
            what=f"{name!r} may have been made",
            settle_time=self._settings.settle_time,
            repeats=False,
            words_refusals=True,
        )

    def _connection(self, con_id: str) -> str:
        return f"{self._root}/connections/{segment(con_id)}"

    async def _notification(self, notification_id: str | None, integration_id: str | None) -> str:
        if (notification_id is None) is (integration_id is None):
            raise ValueError("Give one of notification_id and integration_id.")
        if integration_id is not None:
            notification_id = (await self.get_integration(integration_id)).notification_id
            if notification_id is None:
                raise InvalidIdentifierException(
                    f"Integration {integration_id} has no notifications."
                )
        return f"{self._root}/notification/{segment(notification_id)}"

    async def _send_schedule(
        self,
        method: str,
        integration_id: str,
        schedule: ScheduleInput | Mapping[str, object],
    ) -> None:
        body = {
            "integrationId": integration_id,
            "schedule": body_of(ScheduleInput, schedule),
        }
        url = f"{self._integration(integration_id)}/schedule"
        await self._session.send(method, url, json=body)


def _id_in(response: httpx2.Response, created: str | None) -> str:
    if created is None:
        raise unreadable(response, "it has no id of what was made")
    return created


def _integration_body(
    body: IntegrationInput | IntegrationProcessInput | Mapping[str, object],
) -> dict[str, object]:
    if not isinstance(body, Mapping):
        return body_of(type(body), body)
    if "jobs" in body:
        return body_of(IntegrationInput, body)
    if not {"process_id", "processId"} & body.keys():
        raise ValueError("An integration needs jobs, or a process_id to run a process.")
    return body_of(IntegrationProcessInput, body)
