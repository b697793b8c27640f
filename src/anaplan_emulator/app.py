"""The ASGI application: routing, authentication, transactions and errors of all APIs."""

import logging
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, partial
from urllib.parse import unquote

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from anaplan_emulator import apis, pages
from anaplan_emulator.apis.access import ModelNotOpen
from anaplan_emulator.apis.audit.request_events import events_of
from anaplan_emulator.apis.authentication.state import user_by_credential
from anaplan_emulator.apis.calls import Call, Endpoint, token_in_header
from anaplan_emulator.apis.dialects import translate
from anaplan_emulator.apis.negotiation import accepts, accepts_any_known, compress
from anaplan_emulator.apis.replies import INTEGRATION, Api, ApiError
from anaplan_emulator.console import CONSOLE_PATH, console_routes
from anaplan_emulator.control import CONTROL_PATH, control_routes
from anaplan_emulator.rate_limit import retry_after
from anaplan_emulator.store.audit_events import AuditContext, Event
from anaplan_emulator.store.tokens import Token, find_api_key, find_token
from anaplan_emulator.store.users import User
from anaplan_emulator.tenant_state import TenantState

logger = logging.getLogger(__name__)

# A private-use character that stands for an encoded slash while a path is routed.
_SLASH = "\ue02f"

MODEL = "/2/0/models/{modelId}"
MODEL_IN_WORKSPACE = "/2/0/workspaces/{workspaceId}/models/{modelId}"


def create_app(tenant: TenantState, endpoints: Iterable[Endpoint] | None = None) -> Starlette:
    """Create the application that serves a tenant.

    Args:
        tenant: The tenant.
        endpoints: The endpoints; those of all APIs by default. Requests for any other path
            result in 501.

    Returns:
        The application.
    """
    if endpoints is None:
        endpoints = (*apis.ENDPOINTS, *pages.ENDPOINTS)
    by_path: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in endpoints:
        by_path[endpoint.path][endpoint.method] = endpoint
        # Nearly every path below a model also exists below its workspace
        # (docs/anaplan-behaviour.md#paging). The path of the model itself does as well, but GET
        # results in 405 there.
        if endpoint.path.startswith(f"{MODEL}/"):
            longer = endpoint.path.replace(MODEL, MODEL_IN_WORKSPACE, 1)
            by_path[longer][endpoint.method] = endpoint
        elif endpoint.path == MODEL:
            by_path[MODEL_IN_WORKSPACE]
    # Most threads wait for the single writer. With more than anyio's 40, readers are still served.
    # The limiter is created in the server's event loop, as the caller may run another kind.
    limiter = cache(partial(CapacityLimiter, 200))
    routes = [
        Route(path, Resource(tenant, methods, limiter))
        for path, methods in sorted(by_path.items(), key=_generality)
    ]

    def unknown(request: Request, _: Exception) -> Response:
        error = ApiError(501, f"The emulator does not know {request.method} {request.url.path}")
        if "//" in request.url.path:
            # A client left out an id.
            error = ApiError(404)
        tenant.audit_log.add(_audit_context(request), _events(request, None, error.status))
        return INTEGRATION.error_response(error, request.url.path, tenant.clock.now())

    console = Mount(CONSOLE_PATH, routes=console_routes(tenant))
    control = Mount(CONTROL_PATH, routes=control_routes(tenant))
    starts = [Route(path, _to_console, methods=_METHODS) for path in ("/", CONSOLE_PATH)]
    app = Starlette(routes=[*starts, console, control, *routes], exception_handlers={404: unknown})
    app.router.redirect_slashes = False
    app.add_middleware(RequestPaths)
    return app


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _to_console(request: Request) -> Response:
    """Lead a browser to the console. Anaplan has nothing at this path."""
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(404)
    return RedirectResponse(f"{CONSOLE_PATH}/")


class RequestPaths:
    """ASGI middleware that routes paths as clients mean them.

    An encoded slash stays inside its segment, such as the name of a file: the server has decoded
    the path before it is split, so the slash is another character until a route is found. The slash
    at the end of a path, which published clients send, is removed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        raw = scope.get("raw_path") or b""
        path = scope.get("path", "")
        if b"%2f" in raw.lower():
            path = unquote(re.sub("%2f", _SLASH, raw.decode("latin-1"), flags=re.IGNORECASE))
        if len(path) > 1 and path.endswith("/") and not path.startswith(CONTROL_PATH):
            path = path.rstrip("/") or "/"
        if scope["type"] == "http":
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def _generality(item: tuple[str, object]) -> tuple[bool, int]:
    """Sort fixed paths before those with parameters, and parameters with slashes last."""
    return ":path}" in item[0], item[0].count("{")


class Resource:
    """A path, with an endpoint for each of its methods."""

    def __init__(
        self,
        tenant: TenantState,
        endpoints: dict[str, Endpoint],
        limiter: Callable[[], CapacityLimiter],
    ) -> None:
        self._tenant = tenant
        self._endpoints = endpoints
        self._limiter = limiter
        self.api = next((endpoint.api for endpoint in endpoints.values()), INTEGRATION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, in a worker thread."""
        scope["path"] = scope["path"].replace(_SLASH, "/")
        values = scope.get("path_params", {}).items()
        scope["path_params"] = {name: value.replace(_SLASH, "/") for name, value in values}
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        respond = partial(self._respond, request, body)
        response = await to_thread.run_sync(respond, limiter=self._limiter())
        await response(scope, receive, send)

    def _respond(self, request: Request, body: bytes) -> Response:
        reads = request.method in ("GET", "HEAD")
        # The server sends the response to HEAD without its body (RFC 9110, section 9.3.2).
        endpoint = self._endpoints.get("GET" if reads else request.method)
        api = endpoint.api if endpoint else self.api
        audit = _audit_context(request)
        self._tenant.integration_runner.start_due()
        try:
            if not reads and api is INTEGRATION and not accepts_any_known(request.headers):
                raise ApiError(406)
            response = self._open_model_and_handle(request, body, endpoint, audit)
            if reads and api is INTEGRATION and not _is_accepted(response, request):
                raise ApiError(406)
        except ApiError as error:
            response = self._error_response(request, api, error, audit)
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            response = self._error_response(request, api, ApiError(500), audit)
        if not audit.suppressed:
            events = audit.events or _events(request, endpoint, response.status_code)
            self._tenant.audit_log.add(audit, events)
        compress(response, request.headers)
        return response

    def _open_model_and_handle(
        self, request: Request, body: bytes, endpoint: Endpoint | None, audit: AuditContext
    ) -> Response:
        """Handle a request, after opening the model that it needs."""
        memory = self._tenant.model_memory
        while True:
            try:
                return self._handle(request, body, endpoint, audit)
            except ModelNotOpen as not_open:
                # The request's transaction has ended, so that others can write while it waits.
                audit.events.clear()
                if not_open.closed:
                    with self._tenant.store.transaction() as db:
                        memory.open(db, not_open.model)
                remaining = memory.remaining(not_open.model)
                if remaining and self._tenant.settings.closed_models == "refuse":
                    raise ApiError(
                        503, "The model is being opened", headers=retry_after(remaining)
                    ) from None
                memory.wait(not_open.model)

    def _handle(
        self, request: Request, body: bytes, endpoint: Endpoint | None, audit: AuditContext
    ) -> Response:
        store = self._tenant.store
        begin = store.transaction if endpoint and endpoint.changes_state else store.snapshot
        api = endpoint.api if endpoint else self.api
        with begin() as db:
            token: Token | None = None
            caller: User | None = None
            if self._requires_authentication(endpoint):
                token, caller = self._authenticate(request, db, api)
                audit.user_id, audit.session_id = caller.id, token.id if token else None
                if wait := self._tenant.rate_limiter.admit():
                    raise ApiError(429, headers=retry_after(wait))
            if endpoint is None:
                allowed = {*self._endpoints, *({"HEAD"} if "GET" in self._endpoints else ())}
                raise ApiError(405, headers={"Allow": ", ".join(sorted(allowed))})
            response = endpoint.handler(
                Call(
                    tenant=self._tenant,
                    db=db,
                    caller=caller,
                    method=request.method,
                    url=str(request.url),
                    path=request.path_params,
                    query=request.query_params,
                    headers=request.headers,
                    body=body,
                    token=token,
                    audit=audit,
                )
            )
        return translate(self._tenant.settings.dialect, endpoint.method, endpoint.path, response)

    def _error_response(
        self, request: Request, api: Api, error: ApiError, audit: AuditContext
    ) -> Response:
        # The transaction was rolled back, so nothing has succeeded.
        audit.events = [event for event in audit.events if not event.success]
        return api.error_response(error, request.url.path, self._tenant.clock.now())

    def _requires_authentication(self, endpoint: Endpoint | None) -> bool:
        """Return whether a token is required, even for a method that is not allowed."""
        if endpoint is not None:
            return endpoint.authenticated
        return all(known.authenticated for known in self._endpoints.values())

    def _authenticate(
        self, request: Request, db: sqlite3.Connection, api: Api
    ) -> tuple[Token | None, User]:
        clock = self._tenant.clock
        if api.accepts_basic and (credential := token_in_header(request.headers, {"Basic"})):
            try:
                return None, user_by_credential(db, credential)
            except ApiError as error:
                # The error code is that of the Authentication API.
                raise ApiError(401, error.message) from error
        key = token_in_header(request.headers, api.key_schemes)
        if key and (found := find_api_key(db, key, clock)) is not None:
            return found
        value = token_in_header(request.headers, api.schemes)
        authenticated = find_token(db, value, clock)
        if authenticated is None:
            raise api.authentication_error(value or key)
        return authenticated


def _is_accepted(response: Response, request: Request) -> bool:
    """Return whether the client accepts JSON. Content has one media type, whatever it accepts."""
    return response.media_type != "application/json" or accepts(request.headers, "application/json")


def _audit_context(request: Request) -> AuditContext:
    return AuditContext(
        ip_address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
    )


def _events(request: Request, endpoint: Endpoint | None, status: int) -> list[Event]:
    template = endpoint.path if endpoint else ""
    return events_of(request.method, request.url.path, template, request.path_params, status)
