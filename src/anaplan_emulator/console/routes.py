"""Routes of the console, and what each request has to pass first."""

import logging
from collections.abc import Callable
from functools import cache, partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from anaplan_emulator.console import (
    actions,
    activity,
    audit,
    control_pages,
    faults,
    files,
    lists,
    models,
    modules,
    received,
    settings_page,
    tasks,
    users,
)
from anaplan_emulator.console.rendering import page, static_file
from anaplan_emulator.console.visits import (
    CONSOLE_PATH,
    MAX_FORM_BYTES,
    Form,
    PageError,
    Visit,
    form_refusal,
)
from anaplan_emulator.tenant_state import TenantState

__all__ = ["CONSOLE_PATH", "console_routes"]

logger = logging.getLogger(__name__)

Handler = Callable[[Visit], Response]

_MODEL = "/models/{model}"

PAGES: list[tuple[str, str, Handler]] = [
    ("GET", "/", activity.show_overview),
    ("GET", "/models", models.show_models),
    ("GET", _MODEL, models.show_model),
    ("GET", f"{_MODEL}/lists/{{list}}", lists.show_list),
    ("GET", f"{_MODEL}/modules/{{module}}", modules.show_module),
    ("GET", f"{_MODEL}/files/{{file}}", files.show_file),
    ("GET", f"{_MODEL}/files/{{file}}/content", files.download_content),
    ("GET", f"{_MODEL}/actions/{{action}}", actions.show_action),
    ("POST", f"{_MODEL}/actions/{{action}}", actions.run_action),
    ("GET", "/tasks", tasks.show_tasks),
    ("GET", "/tasks/{task}", tasks.show_task),
    ("POST", "/tasks/{task}/cancel", tasks.cancel_task),
    ("GET", "/tasks/{task}/dumps/{object}", tasks.download_dump),
    ("GET", "/requests", received.show_requests),
    ("POST", "/requests/clear", received.clear_requests),
    ("GET", "/requests/{number}", received.show_request),
    ("GET", "/timeline", activity.show_timeline),
    ("GET", "/faults", faults.show_faults),
    ("POST", "/faults", faults.add_fault),
    ("POST", "/faults/clear", faults.clear_faults),
    ("POST", "/faults/{fault}/remove", faults.remove_fault),
    ("GET", "/clock", control_pages.show_clock),
    ("POST", "/clock", control_pages.move_clock),
    ("GET", "/settings", settings_page.show_settings),
    ("POST", "/settings", settings_page.change_settings),
    ("GET", "/users", users.show_users),
    ("GET", "/audit", audit.show_audit_log),
    ("GET", "/tenant", control_pages.show_tenant),
    ("POST", "/tenant/reset", control_pages.reset_tenant),
    ("POST", "/tenant/file", control_pages.download_tenant),
]


def console_routes(tenant: TenantState) -> list[Route]:
    """Return the routes of the console."""
    # Few threads of its own, so that pages never take those of the APIs.
    limiter = cache(partial(CapacityLimiter, 8))

    def route(method: str, path: str, handler: Handler) -> Route:
        async def serve(request: Request) -> Response:
            return await _serve(tenant, handler, limiter(), request)

        return Route(path, serve, methods=[method])

    async def static(request: Request) -> Response:
        refusal = _refusal(tenant, request)
        return refusal or static_file(request.path_params["name"])

    async def unknown(request: Request) -> Response:
        return await _serve(tenant, _unknown, limiter(), request)

    return [
        Route("/static/{name}", static),
        *(route(*each) for each in PAGES),
        Route("/{path:path}", unknown),
    ]


async def _serve(
    tenant: TenantState, handler: Handler, limiter: CapacityLimiter, request: Request
) -> Response:
    if refusal := _refusal(tenant, request):
        return refusal
    form = Form()
    error: PageError | None = None
    if request.method not in ("GET", "HEAD"):
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_FORM_BYTES:
                    return PlainTextResponse("The form is larger than 64 MiB.", 413)
        except ClientDisconnect:
            return PlainTextResponse("The form is incomplete.", 400)
        try:
            form = Form.parse(request.headers.get("content-type", ""), bytes(body))
        except ValueError:
            return PlainTextResponse("The form has too many fields.", 413)
        if reason := form_refusal(tenant, request.headers, form):
            error = PageError(403, reason)
    visit = Visit(
        tenant=tenant,
        path=request.url.path.removeprefix(CONSOLE_PATH),
        parameters=request.path_params,
        query=request.query_params,
        form=form,
        is_update=request.headers.get("hx-request") == "true",
    )
    return await to_thread.run_sync(_respond, visit, handler, error, limiter=limiter)


def _respond(visit: Visit, handler: Handler, error: PageError | None) -> Response:
    try:
        if error is not None:
            raise error
        return handler(visit)
    except PageError as problem:
        return _error_page(visit, problem)
    except Exception:
        logger.exception("The page %s failed", visit.path)
        return _error_page(visit, PageError(500, "The emulator failed: see its log."))


def _error_page(visit: Visit, error: PageError) -> Response:
    titles = {403: "Refused", 404: "Not found", 500: "Error"}
    title = titles.get(error.status, "Not possible")
    return page(visit, "error.html", title, error.status, message=error.message)


def _unknown(_: Visit) -> Response:
    raise PageError(404, "The console has no such page.")


def _refusal(tenant: TenantState, request: Request) -> Response | None:
    client = request.client.host if request.client else ""
    reason = tenant.control_refusal(client, request.headers.get("host"))
    return PlainTextResponse(reason, 403) if reason else None
