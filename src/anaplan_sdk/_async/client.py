"""The client: creating it, signing in, choosing a model, closing it."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from types import TracebackType
from typing import Any, Literal, Self, Unpack, overload

import httpx2

from anaplan_sdk import models
from anaplan_sdk._async import api
from anaplan_sdk._async.api.actions import RunOptions
from anaplan_sdk._async.api.tables import Tables
from anaplan_sdk._async.api.workspaces_and_models import WorkspacesAndModels
from anaplan_sdk._async.transfer.content import Content
from anaplan_sdk._async.transport.session import Session
from anaplan_sdk.auth.credentials import resolve_auth
from anaplan_sdk.config import (
    AuthLike,
    CertificateInput,
    ClientConfig,
    ConsolidationAccess,
    HttpxOptions,
    PayloadFormat,
    ReplyLimits,
    RunStore,
    Signer,
    TokenStore,
)
from anaplan_sdk.exceptions import ArgumentTypeException
from anaplan_sdk.progress import ProgressCallback
from anaplan_sdk.regions import Hosts, Region


class ClientOptions(HttpxOptions[httpx2.AsyncBaseTransport], total=False):
    """The options of a client by name; tests/architecture compares them with ClientConfig."""

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
    strict_starts: bool
    model_wait: float | None
    reply_limits: ReplyLimits
    api_key: str | None
    consolidation: ConsolidationAccess | None
    base_url: str | None
    region: Region | None
    hosts: Hosts | None
    certificate_payload: PayloadFormat


class AsyncClient(WorkspacesAndModels, Tables):
    """A client for Anaplan's APIs.

    Creating a client sends nothing: it signs in at its first request, or when `authenticate` is
    called. Use it in `async with`, or close it with `aclose`. Any number of callers may share one
    client; a forked process opens connections of its own. Clients can't be copied or pickled.

    Args:
        workspace_id: Id of the workspace, for methods that need one.
        model_id: Id of the model that methods work on.
        user_email: User for basic authentication, with `password`.
        password: Password for basic authentication.
        certificate: CA certificate to sign in with: a path, or PEM or DER content. A PKCS#12 file
            contains the private key as well. Needs the extra `cert`.
        private_key: Private key of the certificate: a path, or PEM or DER content, or a `Signer`
            for a key that can't be exported.
        private_key_password: Password of an encrypted private key or PKCS#12 file.
        token: Token to use until Anaplan refuses it. Alone it is never refreshed; beside other
            credentials it saves the first sign-in.
        auth: One of the auth classes for OAuth, or your own `httpx2.Auth` or `httpx.Auth`, instead
            of the credentials above.
        timeout: Seconds for each step of a request (connecting, sending, receiving), or an
            `httpx2.Timeout`. Anaplan queues changes to a model, so a reply may take long.
        retry_count: How many times a failed request is sent again; 0 sends it once.
        backoff: Seconds before the first retry.
        backoff_factor: Factor by which each further pause is longer than the one before.
        page_size: Items on a page of a listing. Anaplan returns at most 5,000.
        status_poll_delay: Seconds between two requests for the status of a running task.
        upload_chunk_size: Bytes of uncompressed content in a chunk, at most 50,000,000.
        allow_file_creation: Whether uploads may create files. Anaplan creates a file for any
            unknown id or name, and no import reads such a file, so it is an error by default.
        api_key: API key, created in Anaplan's administration (`auk_...`). Anaplan accepts it for
            SCIM and exception users only; other calls are refused before they are sent.
        consolidation: Access to Financial Consolidation, which has a token and a service of its
            own. With it a client needs no credentials for Anaplan; calls to Anaplan are then
            refused before they are sent.
        base_url: One origin for all services: the emulator, or a proxy that routes by path.
        region: Region of the tenant, such as "eu3". The default serves us1, us2, us5, us7, eu1,
            eu2, eu4 and ap1.
        hosts: Base URL of each service, where neither `base_url` nor `region` fits.
        certificate_payload: Form of the data that the private key signs: "v1", or "v2", which
            contains a timestamp and is valid for one sign-in. "auto" (the default) tries "v2" and,
            if Anaplan refuses it at the first sign-in, "v1".
        upload_compression_level: Compression of chunks, 0 to 3. 1 takes the least time in total on
            most networks; 3 sends a few percent less for much more work.
        max_concurrency: Number of requests that may be in progress at the same time; after
            connections have failed, fewer for a while.
        max_retry_time: Seconds after which a failed request is not sent again; None (the default)
            limits retries by `retry_count` only.
        request_deadline: Seconds that one request may take in total: waiting for its turn, signing
            in, all attempts with the pauses between them, and its reply. None (the default) sets
            no limit.
        requests_per_minute: Number of requests that the client sends in a minute, for all models
            and callers together. Anaplan's limit is 600 for a tenant. None (the default) sets no
            limit.
        settle_time: Seconds that Anaplan may take to show its own work: to list a task after the
            reply to its start was lost, before it is started again; to show the chunks it has
            acknowledged.
        strict_starts: Whether a start without a clear reply is always `OutcomeUnknownException`. By
            default the SDK looks for what was started, which may turn out to be another user's, and
            starts again if there is nothing.
        model_wait: Seconds that a request waits for its model while that is opening, busy, locked
            or offline, before it is sent again. None (the default) lets such a request fail.
        reply_limits: The largest reply and the longest listing that are read into memory.
        **httpx_kwargs: Further options of the httpx2 client, such as `proxy` or `verify`. They also
            apply to sign-in.

    Raises:
        InvalidArgumentException: Credentials are incomplete or contradict each other, a number is
            out of range, or a URL is not valid.
        ArgumentTypeException: An option has the wrong type, or there is no such option.
        InvalidCredentialsException: The certificate can't be read, or is not valid today.
        InvalidPrivateKeyException: The private key can't be read, or is not the certificate's.
        ImportError: An option needs an extra that is not installed.
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
        certificate_payload: PayloadFormat = "auto",
        upload_compression_level: int = 1,
        max_concurrency: int = 100,
        max_retry_time: float | None = None,
        request_deadline: float | None = None,
        requests_per_minute: float | None = None,
        settle_time: float = 10.0,
        strict_starts: bool = False,
        model_wait: float | None = None,
        reply_limits: ReplyLimits = ReplyLimits(),  # noqa: B008 - immutable
        **httpx_kwargs: Unpack[HttpxOptions[httpx2.AsyncBaseTransport]],
    ) -> None:
        # The parameters are the fields of ClientConfig; tests/architecture compares them.
        options = {name: value for name, value in locals().items() if name != "self"}
        config = ClientConfig(**options)
        self._open(config, resolve_auth(config))

    def _open(self, config: ClientConfig, auth: httpx2.Auth) -> None:
        transports = [config.httpx_kwargs.get("transport")]
        transports += (config.httpx_kwargs.get("mounts") or {}).values()
        for transport in transports:
            if transport is not None and not hasattr(transport, "handle_async_request"):
                raise ArgumentTypeException(
                    "transport and mounts must be of type httpx2.AsyncBaseTransport, not "
                    f"{type(transport).__name__}."
                )
        Tables.__init__(self, Session(config, auth), config)
        self._owns_session = True

    def __repr__(self) -> str:
        return f"<AsyncClient {self._client_facts}>"

    @classmethod
    def from_config(cls, config: ClientConfig) -> Self:
        """Create a client from a configuration, which may be used for other clients too.

        Args:
            config: The options of the client.

        Returns:
            A client with connections of its own. It shares its token with other clients only if
            `auth` is set: they then use the same auth object.

        Raises:
            InvalidArgumentException: A credential is not valid.
            ArgumentTypeException: `config`, `auth` or a transport has the wrong type.
            InvalidCredentialsException: The certificate can't be read, or is not valid today.
            InvalidPrivateKeyException: The private key can't be read, or is not the certificate's.
            ImportError: An option needs an extra that is not installed.
        """
        if not isinstance(config, ClientConfig):
            raise ArgumentTypeException(
                f"config must be a ClientConfig, not {type(config).__name__}."
            )
        names = {item.name for item in fields(config)} - {"httpx_kwargs", "upload_parallel"}
        arguments: Any = {name: getattr(config, name) for name in names} | config.httpx_kwargs
        client = cls(**arguments)
        client._config = config  # It has `upload_parallel`, which not every constructor takes.
        return client

    @classmethod
    def from_env(
        cls,
        profile: str | None = None,
        *,
        store: TokenStore | None = None,
        **options: Unpack[ClientOptions],
    ) -> Self:
        """Create a client with credentials from the environment, a profile or stored tokens.

        They are searched in this order: environment variables (`ANAPLAN_...`), the profile in the
        user's config file, stored refresh tokens. The guide "Environment and profiles" lists all
        variables and fields.

        Args:
            profile: Profile of the config file to use, before the environment. None (the default)
                uses the one that `ANAPLAN_PROFILE` or the file's `default_profile` names, after
                the environment.
            store: Where OAuth's refresh tokens are stored. None (the default) uses the file that
                `ANAPLAN_TOKEN_FILE` or the profile's `token_file` names, or else the keyring.
            **options: Options of the client. They take precedence over what is found; if there
                are credentials among them, others are only searched to complete them.

        Returns:
            The client.

        Raises:
            CredentialsNotFoundException: No usable credentials were found. The message lists the
                places that were searched, and why each was passed over.
            InvalidArgumentException: The config file is not valid, or has no such profile; or as in
                the constructor.
            InvalidCredentialsException: The certificate can't be read, or is not valid today.
            InvalidPrivateKeyException: The private key can't be read, or is not the certificate's.
        """
        from anaplan_sdk.auth.environment import find_options

        return cls(**find_options(profile, options, store=store))

    # Namespaces are imported when they are used: most programs use few of them.

    @property
    def administration(self) -> api.Administration:
        """The tenant's users and their licences, imported and exported in bulk."""
        return self._namespace(api.Administration)

    @property
    def alm(self) -> api.Alm:
        """Application lifecycle management: revisions, comparison and synchronization of models."""
        return self._namespace(api.Alm)

    @property
    def audit(self) -> api.Audit:
        """The tenant's users and audit events."""
        return self._namespace(api.Audit)

    @property
    def consolidation(self) -> api.Consolidation:
        """Financial Consolidation: tables, dimensions, workflows and users."""
        return self._namespace(api.Consolidation)

    @property
    def cw(self) -> api.CloudWorks:
        """CloudWorks: connections, integrations with their runs and schedules, and flows."""
        return self._namespace(api.CloudWorks)

    @property
    def exception_users(self) -> api.ExceptionUsers:
        """Exception users, who may sign in with a password although single sign-on is required."""
        return self._namespace(api.ExceptionUsers)

    @property
    def resolve(self) -> api.Resolver:
        """Ids of workspaces, models, files, actions, lists and modules, by their exact names."""
        return self._namespace(api.Resolver)

    @property
    def scim(self) -> api.Scim:
        """Users and their access to workspaces, as an identity provider manages them (SCIM)."""
        return self._namespace(api.Scim)

    @property
    def tr(self) -> api.Transactional:
        """Transactional APIs: lists, modules, views, cells, the calendar and the model's state."""
        return self._namespace(api.Transactional)

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
        """Close the client; any further request raises `ClientClosedException`.

        Waits up to 5 seconds for an exchange of a refresh token that is under way, then closes the
        connections of the running event loop; those of other loops are released after their loops
        end.

        On a client created by `with_model` this does nothing: its connections belong to the client
        that it was created from.
        """
        if self._owns_session:
            await self._session.aclose()

    async def authenticate(self) -> None:
        """Sign in, unless there is a usable token, and have Anaplan confirm the token.

        Every other method signs in by itself. Credentials that Anaplan has refused are not sent
        again, so that the account is not locked; this method sends them once more.

        Raises:
            InvalidCredentialsException: Anaplan refused the credentials or the token.
            AnaplanException: The request failed; see the subclasses.
        """
        await self._session.authenticate()

    async def logout(self) -> None:
        """End the session at Anaplan: its token is no longer valid.

        The next request signs in again, if the client has credentials.

        Raises:
            AnaplanException: The request failed; see the subclasses.
        """
        await self._session.logout()

    def with_model(self, model_id: str | None = None, workspace_id: str | None = None) -> Self:
        """Return a client for another model or workspace, with the same connections and token.

        Args:
            model_id: Id of the other model; None (the default) keeps the model.
            workspace_id: Id of the other workspace; None (the default) keeps the workspace.

        Returns:
            A client that works until the client it was created from is closed.
        """
        # With what a subclass has added; `copy` refuses clients.
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        config = replace(
            self._config,
            model_id=model_id or self._model_id,
            workspace_id=workspace_id or self._workspace_id,
        )
        Tables.__init__(other, self._session, config, self._shared)
        other._owns_session = False
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
    ) -> models.CompletedTask: ...

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
    ) -> models.Task | models.CompletedTask: ...

    async def upload_and_import(
        self,
        file_id: int | str,
        content: Content,
        action_id: int | str,
        wait_for_completion: bool = True,
        *,
        journal: str | os.PathLike[str] | None = None,
        **options: Unpack[RunOptions],
    ) -> models.Task | models.CompletedTask:
        """Upload content to a file, then run an import or a process that reads it.

        The content replaces the user's former content of the file. It is sent in chunks of the
        client's `upload_chunk_size` bytes, several at the same time, each compressed and
        acknowledged by Anaplan; large pieces of an iterator are chunks of their own. Memory is
        bounded by a few chunks, whatever the size of the content.

        The action is started only if every chunk has arrived. If the reply to the start is lost,
        the SDK looks for the new task for up to the client's `settle_time` and continues with it;
        only if there is none is the action started again.

        Args:
            file_id: The file's id (113…). With the client's `allow_file_creation` the name of a
                file to create is also accepted.
            content: bytes, str (sent as UTF-8), a path, a file opened in binary mode, or an
                iterable of bytes or str. A str is content, never a path.
            action_id: The import (112…) or process (118…).
            wait_for_completion: Whether to wait until the task has ended (default).
            journal: Path of a file in which the acknowledged chunks are recorded. The same call,
                made again after a crash, then sends only the missing chunks; content that has
                changed is sent completely. The journal is deleted at the end of the upload. Only
                one upload may use a journal at a time, and nothing else may be uploaded to the file
                before the upload is complete.
            **options: Options of the run. `locale`: locale of numbers and dates in the content,
                "en_US" by default. `mapping_parameters`, `connector_parameters`: values that the
                import asks for at each run. `timeout`: seconds to wait for the end of the action;
                None (the default) waits without limit, and the work at Anaplan continues after a
                timeout. `on_progress`: called with a Progress for every acknowledged chunk and
                every status of the task. `run_store`: where the run is recorded, as in
                `run_action`; the same call, made again after a crash, uploads nothing if the action
                was started.

        Returns:
            The ended task; Anaplan may have rejected rows, which its `dumps` contain. Without
            waiting, the task as it was created.

        Raises:
            InvalidArgumentException: The content or the journal can't be used, an option is not
                valid, or the client has no model.
            ArgumentTypeException: The content has a type that can't be uploaded.
            OSError: The content can't be read, or the journal can't be written.
            InvalidIdentifierException: An id has another form, or there is no such file or action.
            UploadIncompleteException: Chunks are missing, or the content was changed meanwhile; the
                action was not started.
            AnaplanActionError: The action failed. The error has the task and its dumps.
            AnaplanActionCancelledException: The task was cancelled.
            AnaplanTimeoutException: The task did not end within `timeout` seconds.
            OutcomeUnknownException: Whether the action was started is unknown.
            AnaplanException: Another upload is using the journal, or a request failed; see the
                subclasses. `task_id` is set if the action was started.

        Source: Anaplan help, "Upload a file in chunks" and "Set and post the chunk count"; Anaplan
        Integration API V2 guide, "Import Actions" and "Process Actions".
        """
        await self._action_url(action_id)
        run_store = options.get("run_store")
        if run_store is None or await self.get_recorded_task(action_id, run_store) is None:
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
        run_store: RunStore | str | os.PathLike[str] | None = None,
    ) -> bytes:
        """Run an export, wait until it has ended, and download its output into memory.

        If the reply to the start is lost, the SDK looks for the new task for up to the client's
        `settle_time` and continues with it; only if there is none is the export started again. The
        chunks of the output are fetched several at a time.

        Args:
            action_id: The export (116…).
            locale: Locale of numbers and dates in the output.
            timeout: Seconds to wait for the end of the export; None (the default) waits without
                limit. The work at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every status of the task and every chunk of the
                output, in bytes.
            run_store: Where the run is recorded, as in `run_action`; None (the default) records
                nothing. The same call, made again after a crash, does not run the export again if
                it was started and has not failed, and downloads the output of its last run.

        Returns:
            The complete output, as the file that the export writes.

        Raises:
            InvalidArgumentException: `timeout` is negative, `run_store` has the record of another
                run, or the client has no model.
            ArgumentTypeException: `run_store` is neither a path nor a store.
            RunStoreException: The store can't be read or written; the export was not started.
            InvalidIdentifierException: The id has another form, or there is no such export.
            FileContentMissingException: The export left no output.
            AnaplanActionError: The export failed. The error has the task.
            AnaplanActionCancelledException: The task was cancelled.
            AnaplanTimeoutException: The task did not end within `timeout` seconds.
            OutcomeUnknownException: Whether the export was started is unknown.
            AnaplanException: The request failed; see the subclasses. `task_id` is set if the
                export was started and its end was not seen.

        Source: Anaplan Integration API V2 guide, "Export Actions".
        """
        await self._action_url(action_id, "exports")
        await self.run_action(
            action_id,
            locale=locale,
            timeout=timeout,
            on_progress=on_progress,
            run_store=run_store,
        )
        return await self.get_file(action_id, on_progress=on_progress)
