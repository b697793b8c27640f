"""Clients of Anaplan from an Airflow connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from airflow_provider_anaplan.errors import AirflowFailException, as_airflow_errors
from airflow_provider_anaplan.get_provider_info import CONNECTION_FIELDS
from anaplan_sdk import (
    AnaplanRefreshTokenAuth,
    AsyncClient,
    Client,
    ClientConfig,
    PlaintextFileStore,
    exceptions,
)

if TYPE_CHECKING:
    from airflow.sdk import Connection

_OAUTH_FIELDS = ("client_id", "client_secret", "redirect_uri", "refresh_token", "token_file")
_SECRETS = ("private_key", "private_key_password", "token", "client_secret", "refresh_token")


class AnaplanHook(BaseHook):
    """Creates clients of Anaplan with the credentials of a connection.

    The README lists the fields of the connection. A connection has one way to sign in: user and
    password, a certificate with its private key, a token, an OAuth refresh token, or a profile of
    the workers' configuration file.

    Args:
        anaplan_conn_id: The connection.
        workspace_id: Workspace to use instead of the connection's.
        model_id: Model to use instead of the connection's.
        status_poll_delay: Seconds between two requests for the status of a running task; None (the
            default) for the SDK's default, 1.
    """

    conn_name_attr = "anaplan_conn_id"
    default_conn_name = "anaplan_default"
    conn_type = "anaplan"
    hook_name = "Anaplan"

    def __init__(
        self,
        anaplan_conn_id: str = default_conn_name,
        *,
        workspace_id: str | None = None,
        model_id: str | None = None,
        status_poll_delay: float | None = None,
    ) -> None:
        super().__init__()
        self.anaplan_conn_id = anaplan_conn_id
        self._overrides: dict[str, Any] = {
            name: value
            for name, value in (
                ("workspace_id", workspace_id),
                ("model_id", model_id),
                ("status_poll_delay", status_poll_delay),
            )
            if value is not None
        }
        self._found: dict[str, Any] | None = None

    def get_conn(self) -> Client:
        """Create a client. Close it, or use it in a `with` statement.

        Nothing is sent. The connection is read the first time only, so that `on_kill` of a task can
        create a client while the task talks to Airflow.

        Returns:
            The client.

        Raises:
            AirflowFailException: The connection is incomplete, or a field is not valid.
            AirflowNotFoundException: There is no such connection.
        """
        if self._found is None:
            self._found = _options(self.get_connection(self.anaplan_conn_id))
        options = {**self._found, **self._overrides}
        with as_airflow_errors():
            if profile := options.pop("profile", None):
                return Client.from_env(profile, **options)
            return Client.from_config(_config(options))

    async def get_async_conn(self) -> AsyncClient:
        """Create an async client. Close it, or use it in an `async with` statement.

        Returns:
            The client.

        Raises:
            AirflowFailException: The connection is incomplete, or a field is not valid.
            AirflowNotFoundException: There is no such connection.
        """
        if self._found is None:
            self._found = _options(await self.aget_connection(self.anaplan_conn_id))
        options = {**self._found, **self._overrides}
        with as_airflow_errors():
            if profile := options.pop("profile", None):
                return AsyncClient.from_env(profile, **options)
            return AsyncClient.from_config(_config(options))

    def test_connection(self) -> tuple[bool, str]:
        """Sign in to Anaplan and read the user.

        Returns:
            Whether that succeeded, and what to show: the user, or the error.
        """
        try:
            with self.get_conn() as client:
                user = client.audit.get_user("me")
        except (exceptions.AnaplanException, AirflowFailException) as error:
            return False, str(error)
        return True, f"Signed in as {user.email}"


def _config(options: dict[str, Any]) -> ClientConfig:
    oauth = {name: options.pop(name) for name in _OAUTH_FIELDS if name in options}
    if oauth:
        file = oauth.pop("token_file", None)
        if missing := [name for name in _OAUTH_FIELDS[:4] if name not in oauth]:
            raise AirflowFailException(f"The connection has no {' and no '.join(missing)}.")
        options["auth"] = AnaplanRefreshTokenAuth(
            oauth["client_id"],
            oauth["client_secret"],
            oauth["redirect_uri"],
            {"refresh_token": oauth["refresh_token"]},
            store=None if file is None else PlaintextFileStore(file),
        )
    return ClientConfig(**options)


def _options(connection: Connection) -> dict[str, Any]:
    """Return the fields of a connection that are set.

    Raises:
        AirflowFailException: `extra` is no JSON object, or has an unknown field, or one that is no
            text.
    """
    # Airflow's own `extra_dejson` goes on without the fields if it can't read them.
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise AirflowFailException(
            f"The extra of connection {connection.conn_id!r} must be an object in JSON."
        )
    for name, value in extra.items():
        if name not in CONNECTION_FIELDS:
            raise AirflowFailException(
                f"Connection {connection.conn_id!r} has the unknown field {name!r} in extra. "
                f"Known are: {', '.join(sorted(CONNECTION_FIELDS))}."
            )
        if value is not None and not isinstance(value, str):
            raise AirflowFailException(
                f"The field {name!r} in extra of connection {connection.conn_id!r} must be text."
            )
    fields = {
        "user_email": connection.login,
        "password": connection.password,
        "base_url": connection.host,
        **extra,
    }
    for name in _SECRETS:
        if fields.get(name):
            mask_secret(fields[name])
    # What the form leaves empty arrives as an empty text.
    given = {name: value for name, value in fields.items() if value}
    also = given.keys() & {"user_email", "password", "certificate", *_SECRETS, *_OAUTH_FIELDS}
    if "profile" in given and also:
        raise AirflowFailException(
            f"Connection {connection.conn_id!r} has a profile and {', '.join(sorted(also))}: "
            "the credentials are either in the profile or in the connection."
        )
    return given
