"""The ASGI application: all rooms' endpoints, authentication, transactions and errors."""

import logging
import math
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, partial

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from anaplan_emulator import api_keys, tokens
from anaplan_emulator.apis import ENDPOINTS
from anaplan_emulator.apis.access import ModelAsleep
from anaplan_emulator.apis.audit.outcomes import events_of
from anaplan_emulator.apis.authentication.state import user_by_credential
from anaplan_emulator.audit import Account, Event
from anaplan_emulator.calls import Call, Endpoint, token_in_header
from anaplan_emulator.control import CONTROL, control_routes
from anaplan_emulator.replies import INTEGRATION, Api, ApiError
from anaplan_emulator.store.users import User
from anaplan_emulator.tokens import Token
from anaplan_emulator.world import World

logger = logging.getLogger(__name__)

MODEL = "/2/0/models/{modelId}"
MODEL_BY_WORKSPACE = "/2/0/workspaces/{workspaceId}/models/{modelId}"


def create_app(world: World, endpoints: Iterable[Endpoint] = ENDPOINTS) -> Starlette:
    """Make the application that serves a world.

    Args:
        world: What it serves.
        endpoints: The routes it knows; any other is answered 501 with its name.

    """
    by_path: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in endpoints:
        by_path[endpoint.path][endpoint.method] = endpoint
        # Nearly every model route exists under its workspace too (facts 4.1); the model alone is
        # known there as a path only: GET answers 405.
        if endpoint.path.startswith(f"{MODEL}/"):
            longer = endpoint.path.replace(MODEL, MODEL_BY_WORKSPACE, 1)
            by_path[longer][endpoint.method] = endpoint
        elif endpoint.path == MODEL:
            by_path[MODEL_BY_WORKSPACE]
    # Worker threads mostly wait for the one writer; more than anyio's forty keep readers served.
    # Made by the server's own event loop: whoever makes the emulator may run another kind.
    limiter = cache(partial(CapacityLimiter, 200))
    routes = [
        Route(path, Resource(world, methods, limiter))
        for path, methods in sorted(by_path.items(), key=_generality)
    ]

    def unknown(request: Request, _: Exception) -> Response:
        error = ApiError(501, f"The emulator does not know {request.method} {request.url.path}")
        world.trail.add(_account(request), _events(request, None, error.status))
        return INTEGRATION.refuse(error, request.url.path, world.clock.now())

    control = Mount(CONTROL, routes=control_routes(world))
    app = Starlette(routes=[control, *routes], exception_handlers={404: unknown})
    app.router.redirect_slashes = False
    return app


def _generality(item: tuple[str, object]) -> tuple[bool, int]:
    """Let fixed words go before parameters, and what takes all that is left go last."""
    return ":path}" in item[0], item[0].count("{")


class Resource:
    """One path, with an endpoint for each method it takes."""

    def __init__(
        self,
        world: World,
        endpoints: dict[str, Endpoint],
        limiter: Callable[[], CapacityLimiter],
    ) -> None:
        self._world = world
        self._endpoints = endpoints
        self._limiter = limiter
        self.api = next((endpoint.api for endpoint in endpoints.values()), INTEGRATION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        answer = partial(self._answer, request, body)
        response = await to_thread.run_sync(answer, limiter=self._limiter())
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        endpoint = self._endpoints.get(request.method)
        api = endpoint.api if endpoint else self.api
        account = _account(request)
        self._world.cloud_works.look()
        try:
            response = self._wake_and_work(request, body, endpoint, account)
        except ApiError as error:
            response = self._refuse(request, api, error, account)
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            response = self._refuse(request, api, ApiError(500), account)
        if not account.quiet:
            events = account.events or _events(request, endpoint, response.status_code)
            self._world.trail.add(account, events)
        return response

    def _wake_and_work(
        self, request: Request, body: bytes, endpoint: Endpoint | None, account: Account
    ) -> Response:
        """Work, and where a model sleeps that is needed, open it first."""
        loading = self._world.loading
        while True:
            try:
                return self._work(request, body, endpoint, account)
            except ModelAsleep as asleep:
                # Not in the call's transaction: others must get on while it waits.
                account.events.clear()
                if asleep.closed:
                    with self._world.store.transaction() as db:
                        db.execute("UPDATE models SET is_open = 1 WHERE key = ?", (asleep.model,))
                    loading.begin(asleep.model)
                remaining = loading.remaining(asleep.model)
                if remaining and self._world.settings.closed_models == "refuse":
                    headers = {"Retry-After": str(math.ceil(remaining))}
                    raise ApiError(503, "The model is being opened", headers=headers) from None
                loading.wait(asleep.model)

    def _work(
        self, request: Request, body: bytes, endpoint: Endpoint | None, account: Account
    ) -> Response:
        store = self._world.store
        begin = store.transaction if endpoint and endpoint.changes_state else store.snapshot
        api = endpoint.api if endpoint else self.api
        with begin() as db:
            asks_who = self._asks_who(endpoint)
            token, caller = self._caller(request, db, api, account) if asks_who else (None, None)
            if endpoint is None:
                raise ApiError(405, headers={"Allow": ", ".join(sorted(self._endpoints))})
            return endpoint.handler(self._call(request, body, db, caller, token, account))

    def _refuse(self, request: Request, api: Api, error: ApiError, account: Account) -> Response:
        # What succeeded was undone.
        account.events = [event for event in account.events if not event.success]
        return api.refuse(error, request.url.path, self._world.clock.now())

    def _asks_who(self, endpoint: Endpoint | None) -> bool:
        """Tell whether a token is needed, even to learn that a method isn't taken here."""
        if endpoint is not None:
            return endpoint.authenticated
        return all(known.authenticated for known in self._endpoints.values())

    def _caller(
        self, request: Request, db: sqlite3.Connection, api: Api, account: Account
    ) -> tuple[Token | None, User]:
        world = self._world
        token, user = self._recognise(request, db, api)
        account.user_id, account.session_id = user.id, token.id if token else None
        if world.settings.rate_limit_per_minute is not None:
            wait = world.limiter.wait(
                per_minute=world.settings.rate_limit_per_minute,
                burst=world.settings.rate_limit_burst,
                now=world.clock.timestamp(),
            )
            if wait:
                raise ApiError(429, headers={"Retry-After": str(math.ceil(wait))})
        return token, user

    def _recognise(
        self, request: Request, db: sqlite3.Connection, api: Api
    ) -> tuple[Token | None, User]:
        clock = self._world.clock
        if api.takes_basic and (credential := token_in_header(request.headers, {"Basic"})):
            try:
                return None, user_by_credential(db, credential)
            except ApiError as error:
                raise ApiError(401, error.message) from error  # The code is another API's.
        key = token_in_header(request.headers, api.key_schemes)
        if key and (found := api_keys.recognise(db, key, clock)) is not None:
            return found
        value = token_in_header(request.headers, api.schemes)
        recognised = tokens.recognise(db, value, clock)
        if recognised is None:
            raise api.refuse_token(value or key)
        return recognised

    def _call(
        self,
        request: Request,
        body: bytes,
        db: sqlite3.Connection,
        caller: User | None,
        token: Token | None,
        account: Account,
    ) -> Call:
        return Call(
            world=self._world,
            db=db,
            caller=caller,
            method=request.method,
            url=str(request.url),
            path=request.path_params,
            query=request.query_params,
            headers=request.headers,
            body=body,
            token=token,
            account=account,
        )


def _account(request: Request) -> Account:
    return Account(
        ip_address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
    )


def _events(request: Request, endpoint: Endpoint | None, status: int) -> list[Event]:
    template = endpoint.path if endpoint else ""
    return events_of(request.method, request.url.path, template, request.path_params, status)
