"""The emulator as an object: a tenant, and an HTTP server in a thread."""

import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from anaplan_emulator.apis.oauth import headless_consent
from anaplan_emulator.app import create_app
from anaplan_emulator.certificates import KeyPair
from anaplan_emulator.clock import duration
from anaplan_emulator.faults import Fault
from anaplan_emulator.hosts import AllowedHosts
from anaplan_emulator.middleware import Middleware
from anaplan_emulator.request_log import ReceivedRequest
from anaplan_emulator.server import HttpServer
from anaplan_emulator.settings import Settings
from anaplan_emulator.tenant.model_description import ActiveState, StructureDescription
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant.tenant_writer import DataPlacement
from anaplan_emulator.tenant_builder.tenant import TenantBuilder
from anaplan_emulator.tenant_state import TenantState


class Emulator:
    """An emulator of Anaplan on this machine.

    It listens as soon as it is created, and answers requests in a `with` block or between `start`
    and `stop`. All its methods are thread-safe.

    Args:
        tenant: The tenant's description, a builder of it, or a YAML, JSON or TOML file with it; a
            small tenant by default. It is ignored if the state file contains a tenant already.
        state: File in which everything is kept across restarts; by default a temporary file that
            is deleted at the end.
        port: Port to listen on; 0 chooses a free one.
        tls: Whether to serve TLS, with a certificate of the emulator's own authority for all of
            Anaplan's host names and this machine's.
        host: Address to listen on.
        control_from_anywhere: Whether other machines may use the control API.
        allowed_hosts: Host names, besides this machine's loopback names and the address to listen
            on, by which the control API and the pages to sign in may be reached.
        redirect_uri: A further callback URL of the tenant's first client for the authorization-code
            grant, such as that of a web application on another port.
        clouds: Folder whose folders are the buckets, containers and datasets of cloud storage; by
            default a temporary one that is deleted at the end.
        certificates: Folder for the files of certificates and keys, which are deleted at the end;
            by default a temporary one.

    Raises:
        OSError: The address cannot be listened on.
        StateError: The state file is another file, of another version, damaged, or in use.
        TenantError: The tenant's file cannot be read, or contradicts itself.

    Example:
        with Emulator() as emulator:
            client = anaplan_sdk.Client(
                base_url=emulator.base_url,
                user_email=emulator.user_email,
                password=emulator.password,
            )
    """

    def __init__(
        self,
        tenant: Path | str | TenantDescription | TenantBuilder | None = None,
        *,
        state: Path | str | None = None,
        port: int = 0,
        tls: bool = False,
        host: str = "127.0.0.1",
        control_from_anywhere: bool = False,
        allowed_hosts: Collection[str] = (),
        redirect_uri: str | None = None,
        clouds: Path | str | None = None,
        certificates: Path | str | None = None,
    ) -> None:
        self.tenant = TenantState(
            state=Path(state) if state is not None else None,
            tenant=None if tenant is None else _path_or_description(tenant),
            control_from_anywhere=control_from_anywhere,
            allowed_hosts=AllowedHosts(host, allowed_hosts, tls=tls),
            redirect_uri=redirect_uri,
            clouds=Path(clouds) if clouds is not None else None,
            certificates=Path(certificates) if certificates is not None else None,
        )
        self._process_id = os.getpid()
        self._on_stop = ExitStack()
        self._on_stop.callback(self.tenant.close)
        try:
            middleware = Middleware(create_app(self.tenant), self.tenant)
            self._server = HttpServer(
                middleware,
                closing=middleware.closing,
                host=host,
                port=port,
                certificate_files=partial(self.tenant.server_certificate_files, host)
                if tls
                else None,
            )
        except BaseException:
            self._on_stop.close()
            raise
        self._on_stop.callback(self._server.stop)
        self.tenant.base_url = self._server.base_url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start answering requests, in a thread."""
        self._server.start()

    def stop(self) -> None:
        """Stop the server and all tasks, and delete temporary files.

        In a forked process nothing happens: all of it belongs to the parent.
        """
        if os.getpid() == self._process_id:
            self._on_stop.close()

    @property
    def base_url(self) -> str:
        """The origin of all APIs, such as `http://127.0.0.1:8765`."""
        return self._server.base_url

    @property
    def user_email(self) -> str:
        """E-mail address of the tenant's main user, the default for signing in."""
        return self.tenant.description.main_user.email

    @property
    def password(self) -> str:
        """Password of the main user."""
        return self.tenant.description.main_user.password

    @property
    def certificate(self) -> Path:
        """A PEM file with a certificate of the main user."""
        return self.tenant.user_certificate_files()[0]

    @property
    def private_key(self) -> Path:
        """A PEM file with the private key of that certificate, unencrypted."""
        return self.tenant.user_certificate_files()[1]

    @property
    def ca_certificate(self) -> Path:
        """A PEM file with the certificate of the emulator's authority, for TLS clients to trust."""
        return self.tenant.authority_file()

    @property
    def api_key(self) -> str:
        """The first API key in the tenant's file.

        Raises:
            LookupError: There is none.
        """
        for user in self.tenant.description.users:
            for key in user.api_keys:
                return key.key(user.email)
        raise LookupError("the tenant has no API key")

    @property
    def workspace_id(self) -> str | None:
        """Id of the tenant's default workspace, if it has any."""
        return self.tenant.default_workspace_and_model()[0]

    @property
    def model_id(self) -> str | None:
        """Id of the tenant's default model, if it has any."""
        return self.tenant.default_workspace_and_model()[1]

    @property
    def oauth_client_id(self) -> str:
        """Id of the tenant's first client for the authorization-code grant.

        Raises:
            LookupError: There is none.
        """
        return self._oauth_client("authorization_code").id

    @property
    def oauth_client_secret(self) -> str:
        """Secret of that client.

        Raises:
            LookupError: There is none.
        """
        return self._oauth_client("authorization_code").secret

    @property
    def redirect_uri(self) -> str:
        """A callback URL that is registered for that client.

        Raises:
            LookupError: There is no such client.
        """
        return self._oauth_client("authorization_code").redirect_uris[0]

    @property
    def device_client_id(self) -> str:
        """Id of the tenant's first client for the device grant.

        Raises:
            LookupError: There is none.
        """
        return self._oauth_client("device").id

    @property
    def clouds(self) -> Path:
        """The folder for cloud storage.

        It contains a bucket as `AmazonS3/<bucket>`, a container as
        `AzureBlob/<account>/<container>`, and a dataset as `GoogleBigQuery/<project>/<dataset>`, in
        which each table is a CSV file.
        """
        return self.tenant.cloud_storage.root

    @property
    def settings(self) -> Settings:
        """The settings, which can be changed by assigning to their attributes."""
        return self.tenant.settings

    def info(self) -> dict[str, str | None]:
        """Return everything that a client needs, as JSON values.

        Returns:
            `base_url`, `user_email`, `password`, `certificate`, `private_key`, `workspace_id`,
            `model_id`, `oauth_client_id`, `oauth_client_secret`, `redirect_uri` and
            `device_client_id`, as the properties of these names; `None` for what the tenant does
            not have. `ca_certificate` is included if TLS is served.
        """
        return self.tenant.info()

    def now(self) -> datetime:
        """Return the time of the emulator's clock.

        Returns:
            The time, in UTC.
        """
        return self.tenant.clock.now()

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the emulator's clock forward, by the sum of all arguments.

        Args:
            hours: Hours.
            minutes: Minutes.
            seconds: Seconds.

        Raises:
            ValueError: The amount is negative (use `set_clock` to go back), is not a finite
                number, or leads beyond the year 2999.
        """
        self.tenant.clock.advance(duration(hours=hours, minutes=minutes, seconds=seconds))

    def set_clock(self, moment: datetime) -> None:
        """Set the emulator's clock, which then continues at the speed of real time.

        Args:
            moment: The new time, with a time zone.

        Raises:
            ValueError: It has no time zone, or is outside the years 1970 to 2999.
        """
        self.tenant.clock.set(moment)

    def add_fault(self, fault: Fault) -> int:
        """Add a fault to inject.

        Args:
            fault: The fault.

        Returns:
            Its id, which `requests` shows for the requests that it was applied to.
        """
        return self.tenant.faults.add(fault)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.tenant.faults.clear()

    def remove_fault(self, fault_id: int) -> None:
        """Remove a fault.

        Args:
            fault_id: The id that `add_fault` returned.

        Raises:
            UnknownFaultError: There is no such fault.
        """
        self.tenant.faults.remove(fault_id)

    def requests(self) -> list[ReceivedRequest]:
        """Return the received requests, with secrets masked.

        Returns:
            The latest 10,000 requests, oldest first.
        """
        return self.tenant.request_log.requests()

    def clear_requests(self) -> None:
        """Remove the received requests from the log."""
        self.tenant.request_log.clear()

    def issue_certificate(
        self,
        email: str,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> KeyPair:
        """Issue a certificate with which a user can sign in.

        Args:
            email: The user's e-mail address.
            not_before: Start of its validity; a day ago by default.
            not_after: End of its validity; three years from now by default.

        Returns:
            The certificate and its private key, as PEM text.

        Raises:
            UnknownUserError: The tenant has no such user.
        """
        return self.tenant.issue_certificate(email, not_before=not_before, not_after=not_after)

    def authorize(self, url: str, email: str | None = None, *, allow: bool = True) -> str:
        """Sign in at an authorization URL and allow or deny access, without a browser.

        Args:
            url: The authorization URL that the client created.
            email: E-mail address of the user; the main user by default. Users of single sign-on
                are accepted.
            allow: Whether the user allows access.

        Returns:
            The callback URL to which the browser would have been redirected.

        Raises:
            OAuthRefusedError: The URL is not valid, or the user cannot sign in.
        """
        return headless_consent.authorize(self.tenant, url, email, allow=allow)

    def approve_device(self, user_code: str, email: str | None = None) -> None:
        """Sign in and allow access to a device, without a browser.

        Args:
            user_code: The code that the device shows.
            email: E-mail address of the user; the main user by default.

        Raises:
            OAuthRefusedError: No device is waiting with this code, or the user cannot sign in with
                a password.
        """
        headless_consent.approve_device(self.tenant, user_code, email)

    def deny_device(self, user_code: str) -> None:
        """Deny access to a device.

        Args:
            user_code: The code that the device shows.

        Raises:
            OAuthRefusedError: No device is waiting with this code.
        """
        headless_consent.deny_device(self.tenant, user_code)

    def revoke(self, refresh_token: str) -> None:
        """Revoke a refresh token and all access tokens of the same grant.

        Args:
            refresh_token: The refresh token.

        Raises:
            OAuthRefusedError: The refresh token is unknown or has expired.
        """
        headless_consent.revoke(self.tenant, refresh_token)

    def restructure(self, model: str, change: StructureDescription | Mapping[str, object]) -> None:
        """Add lists, properties, items, modules or line items to a model.

        Args:
            model: Its id or name; of several models with the same name the first is changed.
            change: The additions, written as `lists` and `modules` are in a tenant's file.

        Raises:
            UnknownModelError: There is no such model.
            ValueError: The change is not valid, refers to something that does not exist, or adds
                something whose name is in use.
        """
        if not isinstance(change, StructureDescription):
            change = StructureDescription.model_validate(change)
        self.tenant.restructure(model, change)

    def set_active_state(self, model: str, state: ActiveState) -> None:
        """Set the active state of a model, for example to lock or archive it.

        Args:
            model: Its id or name; of several models with the same name the first is changed.
            state: The new state, such as `LOCKED`.

        Raises:
            UnknownModelError: There is no such model.
        """
        self.tenant.set_active_state(model, state)

    def reset(self) -> None:
        """Restore the tenant as described, real time and default settings.

        Faults and received requests are removed.

        Raises:
            TenantError: A file of data of the tenant is gone or was changed; nothing is reset.
            RuntimeError: This is a forked process: the emulator runs in the parent.
        """
        if os.getpid() != self._process_id:
            raise RuntimeError("the emulator runs in the process that this one was forked from")
        # Requests that have already arrived belong to the time before the reset.
        self._server.wait_until_idle()
        self.tenant.reset()

    def describe(self, *, secrets: bool = False) -> TenantDescription:
        """Describe the tenant as it is now, so that another emulator can be started from it.

        Users, workspaces, models and their data are those of the moment. OAuth clients, licences,
        CloudWorks, Financial Consolidation and past audit events are as they were loaded. Not
        included are uploads, outputs, tasks and tokens.

        Args:
            secrets: Whether passwords, API keys and other secrets are included. Otherwise
                passwords and credentials are `********`, and secrets that can be derived from
                names are left out.

        Returns:
            The description, in which all ids are given.
        """
        return self.tenant.describe(secrets=secrets)

    def save_tenant(
        self, folder: Path | str, *, data: DataPlacement = "csv", secrets: bool = False
    ) -> Path:
        """Write the tenant as it is now to the file `tenant.yaml` in a folder.

        Args:
            folder: The folder, which is created if it doesn't exist.
            data: `csv` writes the items of a list and the cells of a module to CSV files beside
                it if there are more than 1,000 of them, and large default contents of files.
                `inline` writes all data into the tenant's file.
            secrets: Whether passwords, API keys and other secrets are included, as in `describe`.

        Returns:
            The path of the tenant's file.

        Raises:
            OSError: A file can't be written.
        """
        path = Path(folder) / "tenant.yaml"
        self.tenant.save_to(path, data=data, secrets=secrets)
        return path

    def load_tenant(self, tenant: Path | str | TenantDescription | TenantBuilder) -> None:
        """Replace the tenant by another one. Clock, faults and settings are kept.

        Args:
            tenant: The tenant's description, a builder of it, or a file with it.

        Raises:
            TenantError: The tenant's file cannot be read, or contradicts itself.
        """
        given = _path_or_description(tenant)
        self.tenant.load(read_tenant(given) if isinstance(given, Path) else given)

    def _oauth_client(self, kind: str) -> OAuthClientDescription:
        client = self.tenant.description.oauth_client(kind)
        if client is None:
            raise LookupError(f"the tenant has no OAuth client for the {kind} grant")
        return client


def _path_or_description(
    tenant: Path | str | TenantDescription | TenantBuilder,
) -> Path | TenantDescription:
    if isinstance(tenant, TenantBuilder):
        return tenant.build()
    return Path(tenant) if isinstance(tenant, str) else tenant
