"""The emulator as one object: a world, and a server in a thread."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from anaplan_emulator.apis.oauth import unattended
from anaplan_emulator.app import create_app
from anaplan_emulator.certificates import KeyPair
from anaplan_emulator.faults import Fault
from anaplan_emulator.front import Front
from anaplan_emulator.journal import ReceivedRequest
from anaplan_emulator.server import Server
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.model_description import ActiveState, StructureDescription
from anaplan_emulator.store.oauth_client_description import OAuthClientDescription
from anaplan_emulator.store.tenant import TenantDescription, read_tenant
from anaplan_emulator.world import World


class Emulator:
    """Anaplan on this machine, for as long as the `with` block lasts.

    Args:
        tenant: The tenant, or a JSON or TOML file that describes it; a small one by default. A
            state file that already holds a tenant goes on with that instead.
        state: File to keep everything in across restarts; a private one that goes away by default.
        port: Port to listen on; 0 picks a free one.
        tls: Serve TLS, with a certificate of the emulator's own authority for all of Anaplan's
            host names and this machine's.
        host: Address to listen on.
        control_from_anywhere: Open the control room to other machines, too.
        clouds: Folder whose folders stand in for buckets, containers and datasets; a private one
            that goes away by default.

    Raises:
        OSError: The address can't be listened on.
        StateError: The state file isn't one, is another version's, or in use.
        TenantError: The tenant's file can't be read.
    """

    def __init__(
        self,
        tenant: Path | str | TenantDescription | None = None,
        *,
        state: Path | str | None = None,
        port: int = 0,
        tls: bool = False,
        host: str = "127.0.0.1",
        control_from_anywhere: bool = False,
        clouds: Path | str | None = None,
    ) -> None:
        self.world = World(
            state=Path(state) if state is not None else None,
            tenant=Path(tenant) if isinstance(tenant, str) else tenant,
            control_from_anywhere=control_from_anywhere,
            clouds=Path(clouds) if clouds is not None else None,
        )
        self._on_stop = ExitStack()
        self._on_stop.callback(self.world.close)
        try:
            front = Front(create_app(self.world), self.world)
            self._server = Server(
                front,
                closing=front.closing,
                host=host,
                port=port,
                certificate_files=self.world.server_files(host) if tls else None,
            )
        except BaseException:
            self._on_stop.close()
            raise
        self._on_stop.callback(self._server.stop)
        self.world.base_url = self._server.base_url

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
        """Begin to answer, in a thread of its own."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering, end all work and let go of everything."""
        self._on_stop.close()

    @property
    def base_url(self) -> str:
        """The one origin of all APIs."""
        return self._server.base_url

    @property
    def user_email(self) -> str:
        """Whom to sign in as."""
        return self.world.tenant.signing_user.email

    @property
    def password(self) -> str:
        """The user's password."""
        return self.world.tenant.signing_user.password

    @property
    def certificate(self) -> Path:
        """A PEM file with a certificate of the user's."""
        return self.world.certificate_files()[0]

    @property
    def private_key(self) -> Path:
        """A PEM file with the certificate's private key, unencrypted."""
        return self.world.certificate_files()[1]

    @property
    def ca_certificate(self) -> Path:
        """A PEM file with the authority's certificate, for TLS clients to trust."""
        return self.world.authority_file()

    @property
    def api_key(self) -> str:
        """An API key: the first that the tenant's file describes."""
        for user in self.world.tenant.users:
            for key in user.api_keys:
                return key.key(user.email)
        raise LookupError("the tenant has no API key")

    @property
    def workspace_id(self) -> str | None:
        """The workspace to begin with."""
        return self.world.starting_place()[0]

    @property
    def model_id(self) -> str | None:
        """The model to begin with."""
        return self.world.starting_place()[1]

    @property
    def oauth_client_id(self) -> str:
        """The id of a client for the authorization-code grant."""
        return self._oauth_client("authorization_code").id

    @property
    def oauth_client_secret(self) -> str:
        """The secret of that client."""
        return self._oauth_client("authorization_code").secret

    @property
    def redirect_uri(self) -> str:
        """A callback URL registered for that client."""
        return self._oauth_client("authorization_code").redirect_uris[0]

    @property
    def device_client_id(self) -> str:
        """The id of a client for the device grant."""
        return self._oauth_client("device").id

    @property
    def clouds(self) -> Path:
        """The folder of the clouds' stand-ins.

        A bucket is `AmazonS3/<bucket>` in it, a container `AzureBlob/<account>/<container>`, and a
        dataset `GoogleBigQuery/<project>/<dataset>`, where each table is a CSV file.
        """
        return self.world.clouds.root

    @property
    def settings(self) -> Settings:
        """What may be changed while the emulator runs: assign to its attributes."""
        return self.world.settings

    def info(self) -> dict[str, str | None]:
        """Tell all that a client needs, as JSON values."""
        return self.world.introduction()

    def now(self) -> datetime:
        """Return the time on the emulator's clock."""
        return self.world.clock.now()

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the emulator's clock forward.

        Raises:
            ValueError: The amount is negative; `set_clock` goes back.
        """
        self.world.clock.advance(timedelta(hours=hours, minutes=minutes, seconds=seconds))

    def set_clock(self, moment: datetime) -> None:
        """Let the emulator's clock go on from a moment, which must know its time zone."""
        self.world.clock.set(moment)

    def add_fault(self, fault: Fault) -> int:
        """Put a fault to work, and return its id."""
        return self.world.faults.add(fault)

    def clear_faults(self) -> None:
        """Take all faults away."""
        self.world.faults.clear()

    def requests(self) -> list[ReceivedRequest]:
        """Return the requests received, oldest first, secrets masked."""
        return self.world.journal.requests()

    def clear_requests(self) -> None:
        """Forget the requests received."""
        self.world.journal.clear()

    def issue_certificate(
        self,
        email: str,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> KeyPair:
        """Issue a certificate to a user, by default from yesterday and for three years.

        Raises:
            UnknownUserError: The tenant has no such user.
        """
        return self.world.issue_certificate(email, not_before=not_before, not_after=not_after)

    def authorize(self, url: str, email: str | None = None, *, allow: bool = True) -> str:
        """Sign in at an authorization URL and decide, without a browser.

        Args:
            url: The authorization URL that the client made.
            email: Who signs in; the user who is introduced by default. Users of single sign-on
                can, too.
            allow: Whether the user consents.

        Returns:
            The callback URL that the browser would have been sent to.

        Raises:
            OAuthRefusedError: The URL asks for what can't be had, or the user can't sign in.
        """
        return unattended.authorize(self.world, url, email, allow=allow)

    def approve_device(self, user_code: str, email: str | None = None) -> None:
        """Sign in and let a device in, without a browser.

        Raises:
            OAuthRefusedError: No device waits with this code, or the user can't sign in with a
                password.
        """
        unattended.approve_device(self.world, user_code, email)

    def deny_device(self, user_code: str) -> None:
        """Turn a device away.

        Raises:
            OAuthRefusedError: No device waits with this code.
        """
        unattended.deny_device(self.world, user_code)

    def revoke(self, refresh_token: str) -> None:
        """Revoke a refresh token, and all access tokens of the same sign-in.

        Raises:
            OAuthRefusedError: The refresh token is unknown, or has expired.
        """
        unattended.revoke(self.world, refresh_token)

    def restructure(self, model: str, change: StructureDescription | Mapping[str, object]) -> None:
        """Add lists, properties, items, modules or line items to a model.

        Args:
            model: Its id or name.
            change: What is added, written as `lists` and `modules` are in a tenant's file.

        Raises:
            UnknownModelError: There is no such model.
            ValueError: The change can't be read, refers to what isn't there, or adds what is.
        """
        if not isinstance(change, StructureDescription):
            change = StructureDescription.model_validate(change)
        self.world.restructure(model, change)

    def set_active_state(self, model: str, state: ActiveState) -> None:
        """Lock a model, archive it, take it into maintenance, or back.

        Args:
            model: Its id or name.
            state: What it becomes.

        Raises:
            UnknownModelError: There is no such model.
        """
        self.world.set_active_state(model, state)

    def reset(self) -> None:
        """Go back to the start: tenant as described, real time, no faults, no requests noted."""
        # What clients that are gone have sent belongs to what is forgotten.
        self._server.catch_up()
        self.world.reset()

    def load_tenant(self, tenant: Path | str | TenantDescription) -> None:
        """Forget the present tenant and take another.

        Raises:
            TenantError: The tenant's file can't be read.
        """
        if not isinstance(tenant, TenantDescription):
            tenant = read_tenant(Path(tenant))
        self.world.load_tenant(tenant)

    def _oauth_client(self, kind: str) -> OAuthClientDescription:
        client = self.world.tenant.oauth_client(kind)
        if client is None:
            raise LookupError(f"the tenant has no OAuth client for the {kind} grant")
        return client
