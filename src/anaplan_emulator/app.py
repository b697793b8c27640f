"""The ASGI application: all rooms' endpoints, authentication, transactions and errors."""

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import tokens
from .apis import ENDPOINTS
from .calls import Call, Endpoint, token_in_header
from .replies import INTEGRATION, ApiError
from .store.users import User
from .world import World

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

    app = Starlette(routes=routes, exception_handlers={404: unknown})
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
        self._api = next((endpoint.api for endpoint in endpoints.values()), INTEGRATION)

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
        api = endpoint.api if endpoint else self._api
        store = self._world.store
        begin = store.transaction if endpoint and endpoint.changes_state else store.snapshot
        try:
            with begin() as db:
                caller = None
                if endpoint is None or endpoint.authenticated:
                    value = token_in_header(request.headers, api.schemes)
                    recognised = tokens.recognise(db, value, self._world.clock)
                    if recognised is None:
                        raise api.unauthenticated()
                    caller = recognised[1]
                if endpoint is None:
                    raise ApiError(405, headers={"Allow": ", ".join(sorted(self._endpoints))})
                return endpoint.handler(self._call(request, body, db, caller))
        except ApiError as error:
            return api.refuse(error, request.url.path, self._world.clock.now())
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            return api.refuse(ApiError(500), request.url.path, self._world.clock.now())

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
