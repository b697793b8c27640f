"""The ASGI application: all rooms' endpoints, authentication, transactions and errors."""

import logging
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from anaplan_emulator import tokens
from anaplan_emulator.apis import ENDPOINTS
from anaplan_emulator.calls import Call, Endpoint, token_in_header
from anaplan_emulator.control import CONTROL, control_routes
from anaplan_emulator.replies import INTEGRATION, Api, ApiError
from anaplan_emulator.store.users import User
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
    limiter = CapacityLimiter(200)
    routes = [
        Route(path, Resource(world, methods, limiter))
        for path, methods in sorted(by_path.items(), key=lambda item: item[0].count("{"))
    ]

    def unknown(request: Request, _: Exception) -> Response:
        error = ApiError(501, f"The emulator does not know {request.method} {request.url.path}")
        return INTEGRATION.refuse(error, request.url.path, world.clock.now())

    control = Mount(CONTROL, routes=control_routes(world))
    app = Starlette(routes=[control, *routes], exception_handlers={404: unknown})
    app.router.redirect_slashes = False
    return app


class Resource:
    """One path, with an endpoint for each method it takes."""

    def __init__(
        self, world: World, endpoints: dict[str, Endpoint], limiter: CapacityLimiter
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
        response = await to_thread.run_sync(answer, limiter=self._limiter)
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        endpoint = self._endpoints.get(request.method)
        api = endpoint.api if endpoint else self.api
        store = self._world.store
        begin = store.transaction if endpoint and endpoint.changes_state else store.snapshot
        try:
            with begin() as db:
                caller = self._caller(request, db, api) if self._asks_who(endpoint) else None
                if endpoint is None:
                    raise ApiError(405, headers={"Allow": ", ".join(sorted(self._endpoints))})
                return endpoint.handler(self._call(request, body, db, caller))
        except ApiError as error:
            return api.refuse(error, request.url.path, self._world.clock.now())
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            return api.refuse(ApiError(500), request.url.path, self._world.clock.now())

    def _asks_who(self, endpoint: Endpoint | None) -> bool:
        """Tell whether a token is needed, even to learn that a method isn't taken here."""
        if endpoint is not None:
            return endpoint.authenticated
        return all(known.authenticated for known in self._endpoints.values())

    def _caller(self, request: Request, db: sqlite3.Connection, api: Api) -> User:
        world = self._world
        value = token_in_header(request.headers, api.schemes)
        recognised = tokens.recognise(db, value, world.clock)
        if recognised is None:
            raise api.unauthenticated()
        if world.settings.rate_limit_per_minute is not None:
            wait = world.limiter.wait(
                per_minute=world.settings.rate_limit_per_minute,
                burst=world.settings.rate_limit_burst,
                now=world.clock.timestamp(),
            )
            if wait:
                raise ApiError(429, headers={"Retry-After": str(math.ceil(wait))})
        return recognised[1]

    def _call(
        self, request: Request, body: bytes, db: sqlite3.Connection, caller: User | None
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
        )
