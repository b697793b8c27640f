"""The options of a client and their ranges.

The clients repeat names and defaults for editors; tests/architecture/test_options.py compares them.
"""

# Annotations are evaluated, since `Range` is read from them.
import os
import ssl
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import dataclass, field, fields
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    get_args,
    runtime_checkable,
)

import httpx2

from anaplan_sdk import _loggers
from anaplan_sdk._arguments import check_secret, check_token, identifier
from anaplan_sdk._formats.chunks import MAX_CHUNK_SIZE
from anaplan_sdk._formats.gzip import MAX_LEVEL
from anaplan_sdk._http.client_options import check_http_options, check_http_timeout
from anaplan_sdk._http.header_values import check_header_value
from anaplan_sdk._lazy import lazy_property
from anaplan_sdk._ranges import POSITIVE, Range
from anaplan_sdk.exceptions import ArgumentTypeException, InvalidArgumentException
from anaplan_sdk.regions import Hosts, Region, resolve_hosts

TransportT = TypeVar("TransportT")

PayloadFormat: TypeAlias = Literal["auto", "v1", "v2"]
CertificateInput: TypeAlias = str | bytes | os.PathLike[str]

_WAYS_TO_SIGN_IN = (
    "user_email and password, certificate and private_key, token, api_key, or auth (one of the "
    "classes for OAuth, or your own httpx2.Auth)"
)


@runtime_checkable
class Signer(Protocol):
    """Signs with a private key that can't be exported, such as one in an HSM or a key service."""

    def sign(self, data: bytes, /) -> bytes:
        """Sign data with SHA-512 and RSA, PKCS#1 v1.5.

        Args:
            data: The data to sign. Anaplan gets it together with the signature.

        Returns:
            The signature. The call may block: `AsyncClient` makes it in a thread.
        """
        ...


class TokenStore(Protocol):
    """Keeps refresh tokens between runs; write your own for a vault or a database.

    Both methods are plain functions, not async ones. They may block, and are called from any
    thread. On one machine there is one call for a key at a time.
    """

    def load(self, key: str) -> str | None:
        """Return the value stored under a key.

        Args:
            key: The key.

        Returns:
            The value; None if there is none.

        Raises:
            TokenStoreException: The store can't be read, so that it is unknown.
        """
        ...

    def save(self, key: str, value: str | None) -> None:
        """Store a value under a key, in place of the last one.

        Args:
            key: The key.
            value: The value; None removes the key.

        Raises:
            TokenStoreException: The value could not be stored.
        """
        ...


@runtime_checkable
class RunStore(Protocol):
    """Keeps the record of one run of an action, so that another process can resume it.

    Write your own for a database or a scheduler's storage; the path of a file is one, too. Use a
    store for each run that must happen once, such as tonight's. Both methods are plain functions,
    not async ones. They may block, and are called from any thread.
    """

    def load(self) -> str | None:
        """Return what was saved last.

        Returns:
            The record, a line of JSON without secrets; None if nothing was saved.

        Raises:
            RunStoreException: The store can't be read.
        """
        ...

    def save(self, value: str | None) -> None:
        """Save a record in place of the last one, so that other processes see it.

        Args:
            value: The record; None removes it.

        Raises:
            RunStoreException: The record could not be saved.
        """
        ...


class AuthLike(Protocol):
    """The interface of an `httpx.Auth`; the library itself need not be installed."""

    requires_request_body: bool
    requires_response_body: bool

    def sync_auth_flow(self, request: Any, /) -> Generator[Any, Any, None]:
        """Authenticate a request of a synchronous client.

        Args:
            request: An `httpx.Request`.
        """
        ...

    def async_auth_flow(self, request: Any, /) -> AsyncGenerator[Any, Any]:
        """Authenticate a request of an asynchronous client.

        Args:
            request: An `httpx.Request`.
        """
        ...


@dataclass(frozen=True)
class ConsolidationAccess:
    """Access to Financial Consolidation, which has tokens of its own.

    Source: Anaplan help, "Financial Consolidation API".

    Args:
        token: API token, created in the Security module of Financial Consolidation.
        tenant: Name of the tenant, exactly as that module shows it.

    Raises:
        InvalidArgumentException: One is missing, or contains characters that a header can't carry.
    """

    token: str = field(repr=False)
    tenant: str

    def __post_init__(self) -> None:
        for name in ("token", "tenant"):
            value = getattr(self, name)
            if not (isinstance(value, str) and value.strip()):
                raise InvalidArgumentException(
                    f"{name} is missing: Financial Consolidation needs both."
                )
        check_token("token", self.token)
        tenant = self.tenant.strip()
        check_header_value("tenant", tenant)
        object.__setattr__(self, "tenant", tenant)


@dataclass(frozen=True, kw_only=True)
class ReplyLimits:
    """How much of Anaplan's replies a client reads into memory before it raises an error.

    The defaults are far above what Anaplan sends; they protect from a gateway that doesn't stop.

    Attributes:
        max_bytes: Bytes of one reply, unpacked. Each chunk of a downloaded file is a reply.
        max_pages: Pages of one listing. A page has `page_size` items, unless Anaplan sends fewer.
        max_header_bytes: Bytes that arrive before a reply's headers are complete, including those
            of interim replies (1xx), of which there may be any number (RFC 9110, section 15.2).

    Raises:
        InvalidArgumentException: A limit is not positive.
        ArgumentTypeException: A limit is not an integer.
    """

    max_bytes: int = 1_000_000_000
    max_pages: int = 100_000
    max_header_bytes: int = 1_000_000

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pages", "max_header_bytes"):
            Range(1).check(name, getattr(self, name), int)


class HttpxOptions(TypedDict, Generic[TransportT], total=False):
    """Options that are passed to the client of httpx2."""

    cert: str | tuple[str, str] | tuple[str, str, str]
    cookies: httpx2.Cookies | dict[str, str]
    event_hooks: Mapping[str, list[Callable[..., Any]]]
    follow_redirects: bool
    headers: Mapping[str, str]
    http1: bool
    http2: bool
    limits: httpx2.Limits
    max_redirects: int
    mounts: Mapping[str, TransportT | None]
    proxy: str | httpx2.URL | httpx2.Proxy
    transport: TransportT
    trust_env: bool
    verify: ssl.SSLContext | str | bool


@dataclass(frozen=True, kw_only=True)
class ClientConfig:
    """The options of a client, checked when they are set; nothing is sent and no file is read.

    One configuration makes any number of clients, of both kinds: `Client.from_config(config)`.
    `dataclasses.replace` makes a changed copy. Secrets are not part of its representation.

    Attributes:
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
        upload_parallel: Whether chunks of an upload are sent in parallel.
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
        httpx_kwargs: Further options of the httpx2 client, such as `proxy` or `verify`. They also
            apply to sign-in.

    Raises:
        InvalidArgumentException: Credentials are incomplete or contradict each other, a number is
            out of range, or a URL is not valid.
        ArgumentTypeException: An option has the wrong type, or `httpx_kwargs` contains an unknown
            option.
        ImportError: `httpx_kwargs` asks for HTTP/2 or a SOCKS proxy, and its package is not
            installed.
    """

    workspace_id: str | None = None
    model_id: str | None = None
    user_email: str | None = None
    password: str | None = field(default=None, repr=False)
    certificate: CertificateInput | None = field(default=None, repr=False)
    private_key: CertificateInput | Signer | None = field(default=None, repr=False)
    private_key_password: str | bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    auth: httpx2.Auth | AuthLike | None = field(default=None, repr=False)
    timeout: float | httpx2.Timeout = 30
    retry_count: Annotated[int, Range(0)] = 2
    backoff: Annotated[float, Range(0)] = 1.0
    backoff_factor: Annotated[float, Range(0)] = 2.0
    page_size: Annotated[int, Range(1)] = 5000
    status_poll_delay: Annotated[float, POSITIVE] = 1
    upload_parallel: bool = True
    upload_chunk_size: Annotated[int, Range(1, MAX_CHUNK_SIZE)] = 25_000_000
    allow_file_creation: bool = False
    api_key: str | None = field(default=None, repr=False)
    consolidation: ConsolidationAccess | None = None
    base_url: str | None = None
    region: Region | None = None
    hosts: Hosts | None = None
    certificate_payload: PayloadFormat = "auto"
    upload_compression_level: Annotated[int, Range(0, MAX_LEVEL)] = 1
    max_concurrency: Annotated[int, Range(1)] = 100
    max_retry_time: Annotated[float | None, Range(0)] = None
    request_deadline: Annotated[float | None, POSITIVE] = None
    requests_per_minute: Annotated[float | None, POSITIVE] = None
    settle_time: Annotated[float, Range(0)] = 10.0
    strict_starts: bool = False
    model_wait: Annotated[float | None, Range(0)] = None
    reply_limits: ReplyLimits = ReplyLimits()
    httpx_kwargs: HttpxOptions[Any] = field(
        default_factory=HttpxOptions[Any], repr=False, hash=False
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            may_be_none = option.default is None
            for limits in getattr(option.type, "__metadata__", ()):
                if not (value is None and may_be_none):
                    limits.check(option.name, value, get_args(option.type)[0])
        check_http_timeout(self.timeout)
        for name, kind in (
            ("consolidation", ConsolidationAccess),
            ("hosts", Hosts),
            ("reply_limits", ReplyLimits),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) and (value is not None or name == "reply_limits"):
                raise ArgumentTypeException(
                    f"{name} must be of type {kind.__name__}, not {type(value).__name__}."
                )
        for name in ("workspace_id", "model_id"):
            if value := getattr(self, name):
                object.__setattr__(self, name, identifier(value))
        if unknown := self.httpx_kwargs.keys() - HttpxOptions.__annotations__.keys():
            raise ArgumentTypeException(f"A client has no option {min(unknown)!r}.")
        check_http_options(self.httpx_kwargs)
        _ = self.service_hosts  # Raises where they contradict.
        self._check_credentials()

    @lazy_property
    def service_hosts(self) -> Hosts:
        """The base URLs that `base_url`, `region` or `hosts` select.

        Returns:
            The given `hosts`, or those of the origin or the region.
        """
        return resolve_hosts(base_url=self.base_url, region=self.region, hosts=self.hosts)

    def _check_credentials(self) -> None:
        token, auth, api_key = self._given("token"), self._given("auth"), self._given("api_key")
        basic = self._given("user_email", "password")
        by_certificate = self._given("certificate", "private_key", "private_key_password")
        check_payload_format(self.certificate_payload)
        for chosen, others in (
            (api_key, [*basic, *by_certificate, *token, *auth]),
            (auth, [*basic, *by_certificate, *token]),
            (basic, by_certificate),
        ):
            if chosen and others:
                raise InvalidArgumentException(
                    f"{' and '.join(chosen)} and {' and '.join(others)} are different ways to sign "
                    "in: give one of them."
                )
        for name in (*token, *api_key):
            check_token(name, getattr(self, name))
        if basic:
            self._check_basic()
        elif by_certificate and not self.certificate:
            raise InvalidArgumentException(
                "certificate is missing: a private key can't be used without it."
            )
        elif not (by_certificate or token or auth or api_key or self.consolidation):
            raise InvalidArgumentException(
                f"No credentials were given. Give one of: {_WAYS_TO_SIGN_IN}."
            )

    def _check_basic(self) -> None:
        for name in ("user_email", "password"):
            value = getattr(self, name)
            if not value:
                raise InvalidArgumentException(
                    f"{name} is missing: basic authentication needs user_email and password."
                )
            if name == "user_email" and isinstance(value, str):
                object.__setattr__(self, name, value := value.strip())
            check_secret(name, value, may_have_blanks=True)
        if ":" in str(self.user_email):
            # RFC 7617, section 2: what follows would be read as the password.
            raise InvalidArgumentException("user_email is not valid: it contains a colon.")
        if self.password != str(self.password).strip():
            _loggers.auth.warning("The password begins or ends with a blank: is it part of it?")

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]


def check_payload_format(value: str) -> None:
    """Refuse an unknown format of certificate payloads.

    Args:
        value: The format.

    Raises:
        InvalidArgumentException: It is unknown.
    """
    if value not in get_args(PayloadFormat):
        raise InvalidArgumentException(
            f"certificate_payload must be 'auto', 'v1' or 'v2', not {value!r}."
        )
