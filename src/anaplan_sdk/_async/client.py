"""The client: how it is made, signed in, narrowed to a model and closed."""

from __future__ import annotations

import os
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

import httpx2

from anaplan_sdk._async.api.actions import Actions, RunOptions
from anaplan_sdk._async.api.files import Files
from anaplan_sdk._async.api.namespace import ApiNamespace, Settings
from anaplan_sdk._async.api.workspaces_and_models import WorkspacesAndModels
from anaplan_sdk._async.transfer.content import Content
from anaplan_sdk._async.transport.options import HttpxOptions
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.gzip import DEFAULT_LEVEL
from anaplan_sdk._http.rate_limiter import RateLimiter
from anaplan_sdk._http.retry_policy import RetryPolicy
from anaplan_sdk.auth.certificate import CertificateInput, PayloadFormat, Signer
from anaplan_sdk.auth.consolidation import ConsolidationAccess
from anaplan_sdk.auth.credentials import resolve_auth
from anaplan_sdk.auth.httpx_adapter import AuthLike
from anaplan_sdk.progress import ProgressCallback
from anaplan_sdk.regions import Hosts, Region, resolve_hosts

if TYPE_CHECKING:
    from anaplan_sdk._async.api.administration import Administration
    from anaplan_sdk._async.api.alm import Alm
    from anaplan_sdk._async.api.audit import Audit
    from anaplan_sdk._async.api.cloud_works import CloudWorks
    from anaplan_sdk._async.api.consolidation import Consolidation
    from anaplan_sdk._async.api.exception_users import ExceptionUsers
    from anaplan_sdk._async.api.resolver import Resolver
    from anaplan_sdk._async.api.scim import Scim
    from anaplan_sdk._async.api.transactional import Transactional
    from anaplan_sdk.models import CompletedTask, Task

# Enough to keep a few cores busy packing while others' chunks are on their way.
_UPLOAD_WIDTH = 4


class ClientOptions(HttpxOptions, total=False):
    """The arguments of a client."""

    workspace_id: str | None
    model_id: str | None
    user_email: str | None
    password: str | None
    certificate: CertificateInput | None
    private_key: CertificateInput | Signer | None
    private_key_password: str | bytes | None
    token: str | None
    auth: httpx2.Auth | AuthLike | None
    timeout: float | httpx2.Timeout
    retry_count: int
    backoff: float
    backoff_factor: float
    page_size: int
    status_poll_delay: float
    # sync: upload_parallel: bool
    upload_chunk_size: int
    allow_file_creation: bool
    upload_compression_level: int
    max_concurrency: int
    max_retry_time: float | None
    request_deadline: float | None
    requests_per_minute: float | None
    settle_time: float
    model_wait: float | None
    api_key: str | None
    consolidation: ConsolidationAccess | None
    base_url: str | None
    region: Region | None
    hosts: Hosts | None
    certificate_payload: PayloadFormat


class AsyncClient(WorkspacesAndModels, Files, Actions):
    """A client for Anaplan's APIs.

    Making one sends nothing: it signs in at the first request, or when told to by `authenticate`.
    Close it by `aclose`, or use it in `async with`. Every task and every event loop may share it.

    Args:
        workspace_id: The workspace that methods are about, where they need one.
        model_id: The model that methods are about.
        user_email: For basic sign-in, with `password`.
        password: For basic sign-in.
        certificate: For sign-in with a CA certificate: a path, or PEM or DER content; a PKCS#12
            file holds the private key, too. Needs the extra `cert`.
        private_key: The certificate's key: a path, or PEM or DER content, or a `Signer` for a key
            that never leaves its place.
        private_key_password: Opens an encrypted key.
        token: A token to use until Anaplan refuses it. Alone it is never refreshed; beside other
            credentials it saves the first sign-in.
        auth: One of the auth classes for OAuth, or your own `httpx2.Auth` or `httpx.Auth`, instead
            of all those above.
        timeout: Seconds for each step of a request, or an `httpx2.Timeout`. Model changes queue at
            Anaplan, so don't make it small.
        retry_count: How often a failed request is repeated; 0 means it is sent once.
        backoff: Seconds before the first repetition.
        backoff_factor: What each further wait is multiplied by.
        page_size: How many items a page of a listing has; Anaplan gives 5,000 at the most.
        status_poll_delay: Seconds between two looks at a running task.
        upload_chunk_size: Bytes of uncompressed content in a chunk, 50,000,000 at the most.
        allow_file_creation: Lets uploads create files. Anaplan does so for any id or name it
            doesn't know, and no import reads such a file, so it is an error by default.
        api_key: A key made in Anaplan's administration (`auk_...`). Anaplan takes it for SCIM and
            exception users only; any other call is refused before it is sent.
        base_url: One origin for all services: the emulator, or a proxy that routes by path.
        region: Your tenant's region, such as "eu3"; the default serves us1, us2, us5, us7, eu1,
            eu2, eu4 and ap1.
        hosts: Each service's base URL, when neither of the two fits.
        certificate_payload: What a certificate signs: "v1", or "v2", which carries a timestamp and
            is good for one sign-in.
        upload_compression_level: How hard chunks are compressed, 0 to 3: 1 takes least time in all
            on most networks; 3 sends a few percent less for much more work.
        max_concurrency: How many requests are under way at a time.
        max_retry_time: Seconds after which a request that failed is not repeated any more; no
            limit but `retry_count` by default.
        request_deadline: Seconds that one request may take in all: its turn, signing in, every
            attempt, the pauses between them and its reply. No limit by default.
        requests_per_minute: How many requests this client sends in a minute, all threads, tasks
            and models together; Anaplan's limit is 600 for a tenant. No limit by default.
        consolidation: Access to Financial Consolidation, whose token and service are its own. With
            it a client needs no credentials for Anaplan; calls to Anaplan are refused then, before
            they are sent.
        settle_time: Seconds for which an action's tasks are watched after a start without a clear
            answer, before it is started again, and a file after an upload was begun so; and for
            which Anaplan may take to show the chunks it has acknowledged.
        model_wait: Seconds for which a request waits for its model, while that is opening, busy,
            locked or offline, and is sent again then. By default such a request just fails.
        **httpx_kwargs: Further arguments of `httpx2.AsyncClient`, such as `proxy` or `verify`;
            they hold for sign-in, too.

    Raises:
        ValueError: Credentials are incomplete or contradict each other, or a number is out of its
            range, or an URL isn't one.
        InvalidCredentialsException: The certificate can't be read, or isn't valid today.
        InvalidPrivateKeyException: The key can't be read or doesn't belong to the certificate.
    """

    def __init__(
        self,
        workspace_id: str | None = None,
        model_id: str | None = None,
        user_email: str | None = None,
        password: str | None = None,
        certificate: CertificateInput | None = None,
        private_key: CertificateInput | Signer | None = None,
        private_key_password: str | bytes | None = None,
        token: str | None = None,
        auth: httpx2.Auth | AuthLike | None = None,
        timeout: float | httpx2.Timeout = 30,
        retry_count: int = 2,
        backoff: float = 1.0,
        backoff_factor: float = 2.0,
        page_size: int = 5000,
        status_poll_delay: float = 1,
        # sync: upload_parallel: bool = True,
        upload_chunk_size: int = 25_000_000,
        allow_file_creation: bool = False,
        *,
        api_key: str | None = None,
        consolidation: ConsolidationAccess | None = None,
        base_url: str | None = None,
        region: Region | None = None,
        hosts: Hosts | None = None,
        certificate_payload: PayloadFormat = "v1",
        upload_compression_level: int = DEFAULT_LEVEL,
        max_concurrency: int = 20,
        max_retry_time: float | None = None,
        request_deadline: float | None = None,
        requests_per_minute: float | None = None,
        settle_time: float = 10.0,
        model_wait: float | None = None,
        **httpx_kwargs: Unpack[HttpxOptions],
    ) -> None:
        upload_width = _UPLOAD_WIDTH  # sync: upload_width = _UPLOAD_WIDTH if upload_parallel else 1
        settings = Settings(
            page_size=page_size,
            status_poll_delay=status_poll_delay,
            upload_width=upload_width,
            upload_chunk_size=upload_chunk_size,
            upload_compression_level=upload_compression_level,
            allow_file_creation=allow_file_creation,
            max_concurrency=max_concurrency,
            settle_time=settle_time,
        )
        services = resolve_hosts(base_url=base_url, region=region, hosts=hosts)
        session = Session(
            hosts=services,
            auth=resolve_auth(
                services,
                user_email=user_email,
                password=password,
                certificate=certificate,
                private_key=private_key,
                private_key_password=private_key_password,
                token=token,
                api_key=api_key,
                auth=auth,
                certificate_payload=certificate_payload,
                consolidation=consolidation,
            ),
            policy=RetryPolicy(
                retry_count, backoff, backoff_factor, max_retry_time, request_deadline
            ),
            pace=RateLimiter(requests_per_minute),
            timeout=timeout,
            max_concurrency=max_concurrency,
            httpx_options=httpx_kwargs,
            consolidation=consolidation,
            model_wait=model_wait,
            poll_delay=status_poll_delay,
        )
        super().__init__(
            session, settings, workspace_id=workspace_id, model_id=model_id, owns_session=True
        )

    def __repr__(self) -> str:
        return (
            f"<AsyncClient {self._session.hosts.api} workspace_id={self._workspace_id!r} "
            f"model_id={self._model_id!r}>"
        )

    @classmethod
    def from_env(cls, profile: str | None = None, **options: Unpack[ClientOptions]) -> Self:
        """A client with what the environment, a profile and the kept tokens have.

        Looked at in this order: environment variables (`ANAPLAN_...`), the profile in the user's
        config file, refresh tokens that were kept. The guide "Environment and profiles" lists all.

        Args:
            profile: A profile of the config file, instead of `ANAPLAN_PROFILE` or the default one.
            **options: Arguments of the client; they come before what is found. Beside credentials
                others are looked for only to complete them.

        Raises:
            CredentialsNotFoundException: Nothing serves; the message tells what was looked at, and
                why each was passed over.
            ValueError: The config file isn't one, or has no such profile.
        """
        from anaplan_sdk.auth.environment import find_arguments

        arguments: Any = {**options, **find_arguments(profile, given=options)}
        return cls(**arguments)

    @property
    def administration(self) -> Administration:
        """The tenant's users and their licences, imported and exported many at a time."""
        from anaplan_sdk._async.api.administration import Administration

        return self._namespace(Administration)

    @property
    def alm(self) -> Alm:
        """Revisions of the model's structure, and bringing it to another model's revision."""
        from anaplan_sdk._async.api.alm import Alm

        return self._namespace(Alm)

    @property
    def audit(self) -> Audit:
        """The tenant's users, and what happened in the tenant."""
        # Imported when asked for, as every room is that few programs enter.
        from anaplan_sdk._async.api.audit import Audit

        return self._namespace(Audit)

    @property
    def consolidation(self) -> Consolidation:
        """Financial Consolidation: tables, dimensions, workflows, users."""
        from anaplan_sdk._async.api.consolidation import Consolidation

        return self._namespace(Consolidation)

    @property
    def cw(self) -> CloudWorks:
        """CloudWorks: connections, integrations, their runs and schedules, and flows."""
        from anaplan_sdk._async.api.cloud_works import CloudWorks

        return self._namespace(CloudWorks)

    @property
    def exception_users(self) -> ExceptionUsers:
        """Who may use a password in spite of single sign-on."""
        from anaplan_sdk._async.api.exception_users import ExceptionUsers

        return self._namespace(ExceptionUsers)

    @property
    def resolve(self) -> Resolver:
        """From exact names to ids."""
        from anaplan_sdk._async.api.resolver import Resolver

        return self._namespace(Resolver)

    @property
    def scim(self) -> Scim:
        """Users as an identity provider keeps them, and the workspaces they may enter."""
        from anaplan_sdk._async.api.scim import Scim

        return self._namespace(Scim)

    @property
    def tr(self) -> Transactional:
        """Lists, modules, views, cells, the calendar and the model's state."""
        from anaplan_sdk._async.api.transactional import Transactional

        return self._namespace(Transactional)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections; any further request raises `ClientClosedException`.

        A client made by `with_model` leaves them to the one it was made from.
        """
        if self._owns_session:
            await self._session.aclose()

    async def authenticate(self) -> None:
        """Signs in now, unless that was done, and has Anaplan confirm the token.

        Credentials that Anaplan has refused are not tried again by themselves, so that no account
        gets locked; this tries them once more.

        Raises:
            InvalidCredentialsException: Anaplan refused the credentials or the token.
        """
        await self._session.authenticate()

    async def logout(self) -> None:
        """Ends the session at Anaplan: its token is good for nothing from now on.

        The next request signs in anew, if there are credentials.
        """
        await self._session.logout()

    def with_model(self, model_id: str | None = None, workspace_id: str | None = None) -> Self:
        """The same client for another model or workspace: it shares the connections and the token.

        What isn't given stays as it is.
        """
        other = copy(self)
        ApiNamespace.__init__(
            other,
            self._session,
            self._settings,
            workspace_id=workspace_id or self._workspace_id,
            model_id=model_id or self._model_id,
            owns_session=False,
        )
        return other

    @overload
    async def upload_and_import(
        self,
        file_id: int | str,
        content: Content,
        action_id: int | str,
        wait_for_completion: Literal[True] = True,
        *,
        journal: str | os.PathLike[str] | None = None,
        **options: Unpack[RunOptions],
    ) -> CompletedTask: ...

    @overload
    async def upload_and_import(
        self,
        file_id: int | str,
        content: Content,
        action_id: int | str,
        wait_for_completion: bool,
        *,
        journal: str | os.PathLike[str] | None = None,
        **options: Unpack[RunOptions],
    ) -> Task | CompletedTask: ...

    async def upload_and_import(
        self,
        file_id: int | str,
        content: Content,
        action_id: int | str,
        wait_for_completion: bool = True,
        *,
        journal: str | os.PathLike[str] | None = None,
        **options: Unpack[RunOptions],
    ) -> Task | CompletedTask:
        """Uploads content to a file, then runs an import or a process that reads it.

        The action is not started unless every chunk arrived. Arguments, result and errors are those
        of `upload_file` and `run_action`; `on_progress` is told of both.
        """
        self._action_url(action_id)
        await self.upload_file(
            file_id, content, journal=journal, on_progress=options.get("on_progress")
        )
        return await self.run_action(action_id, wait_for_completion, **options)

    async def export_and_download(
        self,
        action_id: int | str,
        *,
        locale: str = "en_US",
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> bytes:
        """Runs an export and returns its output.

        Arguments and errors are those of `run_action`.
        """
        self._action_url(action_id, "exports")
        await self.run_action(action_id, locale=locale, timeout=timeout, on_progress=on_progress)
        return await self.get_file(action_id, on_progress=on_progress)
