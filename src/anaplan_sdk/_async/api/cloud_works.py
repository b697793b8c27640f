"""CloudWorks: connections to cloud storage, integrations, schedules and notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeVar

from anaplan_sdk._async.api.cloud_works_runs import REFUSAL_CODES, CloudRuns
from anaplan_sdk._async.api.namespace import json_body, path_segment, sort_params, validated
from anaplan_sdk._async.transport.recovery import Created, ListedStart, start_at_most_once
from anaplan_sdk._http.dates import optional_timestamp
from anaplan_sdk._http.replies import decode, find_id
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import InvalidArgumentException, InvalidIdentifierException
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
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


_CONNECTIONS = ListReply("connections", Connection)
_INTEGRATIONS = ListReply("integrations", Integration)
_INTEGRATION = ObjectReply[SingleIntegration]("integration", SingleIntegration)
_NOTIFICATION = ObjectReply[NotificationConfig]("notifications", NotificationConfig)

D = TypeVar("D", Connection, Integration)


class CloudWorks(CloudRuns):
    """Connections to cloud storage, integrations and their schedules, notifications and runs.

    All methods need the role Integration Admin or Restricted Integration User. Without it
    CloudWorks answers 403, and 452 when the tenant is not entitled to CloudWorks; both raise
    `PermissionDeniedException`.
    """

    @property
    def flows(self) -> Flows:
        """Integration flows: integrations that run one after another."""
        from anaplan_sdk._async.api.cloud_works_flows import Flows

        return self._namespace(Flows)

    # Connections

    async def get_connections(self) -> list[Connection]:
        """List the connections to cloud storage. CloudWorks never returns their secrets.

        Returns:
            The connections.

        Raises:
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Connections".
        """
        response = await self._session.send("GET", f"{self._root}/connections")
        return decode(_CONNECTIONS.adapter, response).items

    async def create_connection(self, con_info: ConnectionInput | Mapping[str, object]) -> str:
        """Create a connection. CloudWorks checks its credentials at once.

        The connection is not created twice: when the reply to the request is lost, it is looked
        up by name and time, for up to the client's `settle_time` in seconds.

        Args:
            con_info: The connection's type, and a body with its name, place and credentials. A
                dict may use Anaplan's field names or those of the models.

        Returns:
            The connection's id.

        Raises:
            InvalidArgumentException: A field is missing or invalid.
            AnaplanRequestException: The credentials are invalid (HTTP 400).
            OutcomeUnknownException: It is unknown whether the connection was created.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Create a Connection".
        """
        given = validated(ConnectionInput, con_info)
        url = f"{self._root}/connections"

        async def send() -> Created:
            response = await self._session.send("POST", url, json=json_body(ConnectionInput, given))
            return Created(find_id(response, "connectionId", "id"))

        def matches(connection: Connection) -> bool:
            return (
                connection.connection_type == given.type
                and getattr(connection.body, "name", None) == given.body.name
            )

        name = given.body.name
        return await self._create_once(
            send, self.get_connections, matches, url, f"Connection {name!r}"
        )

    async def update_connection(
        self,
        con_id: str,
        con_info: AzureBlobConnectionInput
        | AmazonS3ConnectionInput
        | GoogleBigQueryConnectionInput
        | Mapping[str, object],
    ) -> None:
        """Replace a connection's definition, which must be complete, secrets included.

        Args:
            con_id: The connection's id.
            con_info: The connection's new body. A dict may use Anaplan's field names or those of
                the models, and may also have the form that `create_connection` takes: `type` and
                `body`.

        Raises:
            InvalidArgumentException: A field is missing or invalid.
            InvalidIdentifierException: There is no such connection.
            AnaplanRequestException: The credentials are invalid (HTTP 400).
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Edit a Connection".
        """
        body = json_body(ConnectionInput, con_info, ConnectionInput.of)
        await self._session.send("PUT", self._connection(con_id), json=body)

    async def patch_connection(self, con_id: str, body: Mapping[str, object]) -> None:
        """Change single fields of a connection.

        Anaplan documents this as a partial change, but has been seen to refuse incomplete bodies
        with HTTP 400; `update_connection` always works.

        Args:
            con_id: The connection's id.
            body: The fields to change, by Anaplan's names.

        Raises:
            InvalidIdentifierException: There is no such connection.
            AnaplanRequestException: CloudWorks refused the change (HTTP 400).
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Patch a Connection".
        """
        patch = body if set(body) == {"body"} else {"body": dict(body)}
        await self._session.send("PATCH", self._connection(con_id), json=patch)

    async def delete_connection(self, con_id: str) -> None:
        """Delete a connection.

        Args:
            con_id: The connection's id.

        Raises:
            InvalidIdentifierException: There is no such connection.
            AnaplanRequestException: An integration uses the connection (HTTP 409).
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Delete a Connection".
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
        """List the integrations, without their jobs.

        Args:
            sort_by: Field to sort by; CloudWorks' own order when None.
            descending: Whether to sort in descending order. Has no effect without `sort_by`.
            current_user_only: Whether to list only integrations that the user created.
            model_id: Only integrations of this model. All are read and then filtered, since
                CloudWorks no longer filters by model.

        Returns:
            The integrations.

        Raises:
            InvalidArgumentException: There is no such field to sort by.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get All Integrations".
        """
        params: dict[str, str] = {}
        if order := sort_params(sort_by, descending, {"name": "name"}):
            # CloudWorks accepts no "+" for ascending order.
            params["sortBy"] = order["sort"].removeprefix("+")
        if current_user_only:
            params["myIntegrations"] = "1"
        integrations = await self._list(_INTEGRATIONS, self._root, **params)
        if model_id is None:
            return integrations
        return [each for each in integrations if each.model_id == model_id]

    async def get_integration(self, integration_id: str) -> SingleIntegration:
        """Return an integration with its jobs.

        Args:
            integration_id: The integration's id.

        Returns:
            The integration.

        Raises:
            InvalidIdentifierException: There is no such integration.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get Integration by Integration ID".
        """
        return await self._get(_INTEGRATION, self._integration(integration_id))

    async def create_integration(
        self, body: IntegrationInput | IntegrationProcessInput | Mapping[str, object]
    ) -> str:
        """Create an integration. CloudWorks creates notifications with it.

        The integration is not created twice: when the reply to the request is lost, it is looked
        up by name and time, for up to the client's `settle_time` in seconds. A tenant can have
        500 integrations, flows included.

        Args:
            body: Name, workspace and model, and the job of an import or export, or the process
                and the jobs of its steps that read or write files. A dict may use Anaplan's field
                names or those of the models.

        Returns:
            The integration's id.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or there are neither jobs nor a
                process.
            AnaplanRequestException: The name is in use, an action is not in the model, or the
                tenant has reached the limit.
            OutcomeUnknownException: It is unknown whether the integration was created.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Create a New Integration" and "Create a Process
        Integration".
        """
        given = _integration_body(body)
        name = str(given["name"])

        async def send() -> Created:
            response = await self._session.send("POST", self._root, json=given)
            return Created(find_id(response, "integrationId", "id"))

        return await self._create_once(
            send,
            self.get_integrations,
            lambda integration: integration.name == name,
            self._root,
            f"Integration {name!r}",
        )

    async def update_integration(
        self,
        integration_id: str,
        body: IntegrationInput | IntegrationProcessInput | Mapping[str, object],
    ) -> None:
        """Replace an integration's definition, which must be complete.

        Args:
            integration_id: The integration's id.
            body: Name, workspace and model, and the job of an import or export, or the process
                and the jobs of its steps that read or write files. A dict may use Anaplan's field
                names or those of the models.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or there are neither jobs nor a
                process.
            InvalidIdentifierException: There is no such integration.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Edit an Integration" and "Edit a Process
        Integration".
        """
        url = self._integration(integration_id)
        await self._session.send("PUT", url, json=_integration_body(body))

    async def delete_integration(self, integration_id: str) -> None:
        """Delete an integration, its schedule and its history.

        Args:
            integration_id: The integration's id.

        Raises:
            InvalidIdentifierException: There is no such integration.
            AnaplanRequestException: The integration is running (HTTP 409).
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Delete an Integration".
        """
        await self._delete(self._integration(integration_id))

    # Schedules

    async def create_schedule(
        self, integration_id: str, schedule: ScheduleInput | Mapping[str, object]
    ) -> None:
        """Create the schedule of an integration or a flow, which can have one.

        Args:
            integration_id: The id of the integration or the flow.
            schedule: Its name, type, dates as `YYYY-MM-DD`, times as `HH:MM`, time zone, and what
                its type needs. A dict may use Anaplan's field names or those of the models.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or its type needs a further
                one.
            AnaplanRequestException: There is a schedule already (HTTP 400).
            OutcomeUnknownException: The reply was lost, so it is unknown whether the schedule was
                created; `get_integration` or `flows.get_flow` shows it.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Create an Integration Schedule".
        """
        await start_at_most_once(
            lambda: self._send_schedule("POST", integration_id, schedule),
            what=f"The schedule of {integration_id}",
            verb="created",
        )

    async def update_schedule(
        self, integration_id: str, schedule: ScheduleInput | Mapping[str, object]
    ) -> None:
        """Replace the schedule of an integration or a flow.

        Args:
            integration_id: The id of the integration or the flow.
            schedule: Its name, type, dates as `YYYY-MM-DD`, times as `HH:MM`, time zone, and what
                its type needs. A dict may use Anaplan's field names or those of the models.

        Raises:
            InvalidArgumentException: A field is missing or invalid, or its type needs a further
                one.
            InvalidIdentifierException: There is no such integration or flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Update the Schedule of an Integration".
        """
        await self._send_schedule("PUT", integration_id, schedule)

    async def set_schedule_status(
        self, integration_id: str, status: Literal["enabled", "disabled"]
    ) -> None:
        """Enable or disable the schedule of an integration or a flow.

        Args:
            integration_id: The id of the integration or the flow.
            status: `"enabled"` or `"disabled"`.

        Raises:
            InvalidArgumentException: `status` is neither of the two.
            InvalidIdentifierException: There is no such integration or flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Set the Status of an Integration Schedule".
        """
        if status not in ("enabled", "disabled"):
            raise InvalidArgumentException(
                f"status must be 'enabled' or 'disabled', not {status!r}."
            )
        url = f"{self._integration(integration_id)}/schedule/status/{status}"
        await self._session.send("POST", url, retry=Retry.SAFE)

    async def delete_schedule(self, integration_id: str) -> None:
        """Delete the schedule of an integration or a flow.

        Args:
            integration_id: The id of the integration or the flow.

        Raises:
            InvalidIdentifierException: There is no such integration or flow.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Delete an Integration Schedule".
        """
        await self._delete(f"{self._integration(integration_id)}/schedule")

    # Notifications

    async def get_notification_config(
        self, notification_id: str | None = None, integration_id: str | None = None
    ) -> NotificationConfig:
        """Return the notification configuration of an integration.

        Give one of the two ids.

        Args:
            notification_id: The configuration's id.
            integration_id: The integration's id, from which the configuration's id is read.

        Returns:
            The configuration: who is notified of which outcome, and how.

        Raises:
            InvalidArgumentException: Neither id was given, or both.
            InvalidIdentifierException: There is no such configuration or integration, or the
                integration has no notifications.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Get a Notification Configuration".
        """
        notification = await self._notification(notification_id, integration_id)
        return await self._get(_NOTIFICATION, notification)

    async def create_notification_config(
        self, config: NotificationInput | Mapping[str, object]
    ) -> str:
        """Create the notification configuration of an integration, which can have one.

        CloudWorks creates one with each integration: change that one with
        `update_notification_config` where it exists.

        Args:
            config: The integration, the channels, and 1 to 5 users for each type of outcome. A
                dict may use Anaplan's field names or those of the models.

        Returns:
            The configuration's id.

        Raises:
            InvalidArgumentException: A field is missing or invalid.
            AnaplanRequestException: The integration has a configuration already (HTTP 400).
            OutcomeUnknownException: The reply was lost, so it is unknown whether the
                configuration was created; `get_integration` shows it.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Create a Notification Configuration".
        """
        body = json_body(NotificationInput, config)

        async def send() -> str:
            response = await self._session.send("POST", f"{self._root}/notification", json=body)
            return find_id(response, "notificationId", "id")

        return await start_at_most_once(send, what="The notification configuration", verb="created")

    async def update_notification_config(
        self, notification_id: str, config: NotificationInput | Mapping[str, object]
    ) -> None:
        """Replace the notification configuration of an integration.

        Args:
            notification_id: The configuration's id.
            config: The integration, the channels, and 1 to 5 users for each type of outcome. A
                dict may use Anaplan's field names or those of the models.

        Raises:
            InvalidArgumentException: A field is missing or invalid.
            InvalidIdentifierException: There is no such configuration.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Edit a Notification Configuration".
        """
        body = json_body(NotificationInput, config)
        url = f"{self._root}/notification/{path_segment(notification_id)}"
        await self._session.send("PUT", url, json=body)

    async def delete_notification_config(
        self, notification_id: str | None = None, integration_id: str | None = None
    ) -> None:
        """Delete the notification configuration of an integration.

        Give one of the two ids.

        Args:
            notification_id: The configuration's id.
            integration_id: The integration's id, from which the configuration's id is read.

        Raises:
            InvalidArgumentException: Neither id was given, or both.
            InvalidIdentifierException: There is no such configuration or integration, or the
                integration has no notifications.
            PermissionDeniedException: The user has neither of the roles, or the tenant is not
                entitled to CloudWorks.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan CloudWorks API guide, "Delete a Notification Configuration".
        """
        await self._delete(await self._notification(notification_id, integration_id))

    async def _create_once(
        self,
        send: runtime.Producer[Created],
        find: runtime.Poll[list[D]],
        matches: Callable[[D], bool],
        url: str,
        what: str,
    ) -> str:
        """Create a connection or an integration, and look it up by name if the reply is lost."""
        created = await self._recovery.start(
            send,
            ListedStart(
                find=find,
                created_at=lambda listed: optional_timestamp(listed.creation_date),
                matches=matches,
                key=f"{url} {what}",
                what=what,
                verb="created",
                is_named=True,
                refusal_codes=REFUSAL_CODES,
            ),
        )
        return created.id

    def _connection(self, con_id: str) -> str:
        return f"{self._root}/connections/{path_segment(con_id)}"

    async def _notification(self, notification_id: str | None, integration_id: str | None) -> str:
        if (notification_id is None) is (integration_id is None):
            raise InvalidArgumentException("Give either notification_id or integration_id.")
        if integration_id is not None:
            notification_id = (await self.get_integration(integration_id)).notification_id
            if notification_id is None:
                raise InvalidIdentifierException(
                    f"Integration {integration_id} has no notifications."
                )
        return f"{self._root}/notification/{path_segment(notification_id)}"

    async def _send_schedule(
        self,
        method: str,
        integration_id: str,
        schedule: ScheduleInput | Mapping[str, object],
    ) -> None:
        body = {
            "integrationId": integration_id,
            "schedule": json_body(ScheduleInput, schedule),
        }
        url = f"{self._integration(integration_id)}/schedule"
        await self._session.send(method, url, json=body)


def _integration_body(
    body: IntegrationInput | IntegrationProcessInput | Mapping[str, object],
) -> dict[str, object]:
    if not isinstance(body, Mapping):
        return json_body(type(body), body)
    if "jobs" in body:
        return json_body(IntegrationInput, body)
    if not {"process_id", "processId"} & body.keys():
        raise InvalidArgumentException(
            "An integration needs jobs or a process_id: give one of them."
        )
    return json_body(IntegrationProcessInput, body)
