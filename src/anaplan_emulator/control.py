"""The control API below `/_emulator/`: operations of tests and people on the emulator itself."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from anyio import to_thread
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from anaplan_emulator.apis.oauth import headless_consent
from anaplan_emulator.apis.oauth.headless_consent import OAuthRefusedError
from anaplan_emulator.apis.oauth.identity import signing_key
from anaplan_emulator.clock import duration
from anaplan_emulator.faults import Fault, UnknownFaultError
from anaplan_emulator.request_log import ReceivedRequest
from anaplan_emulator.tenant.model_description import ActiveState, StructureDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_file import parse_tenant
from anaplan_emulator.tenant_state import TenantState, UnknownModelError, UnknownUserError

CONTROL_PATH = "/_emulator"


class ClockChange(BaseModel):
    """A change of the clock. It is set first, and then advanced."""

    model_config = ConfigDict(extra="forbid")

    set: AwareDatetime | None = None
    advance_seconds: float = Field(default=0, ge=0)


class CertificateRequest(BaseModel):
    """A request for a user's certificate."""

    model_config = ConfigDict(extra="forbid")

    email: str
    not_before: AwareDatetime | None = None
    not_after: AwareDatetime | None = None


class Authorization(BaseModel):
    """A user's sign-in and decision at an authorization URL."""

    model_config = ConfigDict(extra="forbid")

    url: str
    email: str | None = None
    allow: bool = True


class DeviceDecision(BaseModel):
    """A user's sign-in and decision about a device."""

    model_config = ConfigDict(extra="forbid")

    user_code: str
    email: str | None = None
    allow: bool = True


class Revocation(BaseModel):
    """A refresh token to revoke."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str


class StructureChange(StructureDescription):
    """Additions to the structure of a model, which is given by its id or name."""

    model: str


class StateChange(BaseModel):
    """A new active state of a model, which is given by its id or name."""

    model_config = ConfigDict(extra="forbid")

    model: str
    active_state: ActiveState


def info(tenant: TenantState, _: bytes) -> object:
    """Return the origin, credentials of the main user, and the default workspace and model."""
    return tenant.info()


def health(tenant: TenantState, _: bytes) -> object:
    """Return whether the emulator is up."""
    return {"status": "up", "now": tenant.clock.now().isoformat()}


def reset(tenant: TenantState, _: bytes) -> object:
    """Restore the tenant, real time and default settings; remove faults and requests."""
    tenant.reset()
    return tenant.info()


def load_tenant(tenant: TenantState, body: bytes) -> object:
    """Replace the tenant by the one described in the body."""
    tenant.load(parse_tenant(body.decode()))
    return tenant.info()


def read_clock(tenant: TenantState, _: bytes) -> object:
    """Return the emulator's time and its offset from real time."""
    return {
        "now": tenant.clock.now().isoformat(),
        "offset_seconds": tenant.clock.offset.total_seconds(),
    }


def move_clock(tenant: TenantState, body: bytes) -> object:
    """Change the clock: {"advance_seconds": 60}, or {"set": "2026-01-31T08:00:00Z"}."""
    change = ClockChange.model_validate_json(body)
    by = duration(seconds=change.advance_seconds)
    if change.set is not None:
        tenant.clock.set(change.set, advanced_by=by)
    else:
        tenant.clock.advance(by)
    tenant.save()
    return read_clock(tenant, body)


def list_faults(tenant: TenantState, _: bytes) -> object:
    """List faults, with the numbers of requests that matched and that the fault was applied to."""
    return tenant.faults.listing()


def add_fault(tenant: TenantState, body: bytes) -> object:
    """Add a fault."""
    return {"id": tenant.faults.add(Fault.model_validate_json(body))}


def clear_faults(tenant: TenantState, _: bytes) -> object:
    """Remove all faults."""
    tenant.faults.clear()
    return []


def remove_fault(tenant: TenantState, _: bytes, *, fault_id: int) -> object:
    """Remove a fault."""
    tenant.faults.remove(fault_id)
    return tenant.faults.listing()


def list_requests(tenant: TenantState, _: bytes) -> object:
    """List the received requests, with secrets masked."""
    requests = tenant.request_log.requests()
    return TypeAdapter(list[ReceivedRequest]).dump_python(requests, mode="json")


def clear_requests(tenant: TenantState, _: bytes) -> object:
    """Remove the received requests from the log."""
    tenant.request_log.clear()
    return []


def read_settings(tenant: TenantState, _: bytes) -> object:
    """Return the settings."""
    return tenant.settings.model_dump(mode="json")


def change_settings(tenant: TenantState, body: bytes) -> object:
    """Change the settings in the body."""
    changes = TypeAdapter(dict[str, object]).validate_json(body)
    tenant.change_settings(changes)
    return read_settings(tenant, body)


def issue_certificate(tenant: TenantState, body: bytes) -> object:
    """Issue a certificate to the user with an `email`, optionally `not_before` and `not_after`."""
    request = CertificateRequest.model_validate_json(body)
    pair = tenant.issue_certificate(
        request.email, not_before=request.not_before, not_after=request.not_after
    )
    return asdict(pair)


def restructure(tenant: TenantState, body: bytes) -> object:
    """Add `lists` and `modules`, written as in a tenant's file, to a `model`."""
    change = StructureChange.model_validate_json(body)
    tenant.restructure(change.model, change)
    return {"restructured": change.model}


def set_active_state(tenant: TenantState, body: bytes) -> object:
    """Set the `active_state` of a `model`, for example to lock or archive it."""
    change = StateChange.model_validate_json(body)
    tenant.set_active_state(change.model, change.active_state)
    return change.model_dump()


def authorize(tenant: TenantState, body: bytes) -> object:
    """Sign in at an authorization `url` and allow or deny access, without a browser."""
    request = Authorization.model_validate_json(body)
    callback_url = headless_consent.authorize(
        tenant, request.url, request.email, allow=request.allow
    )
    return {"callback_url": callback_url}


def decide_device(tenant: TenantState, body: bytes) -> object:
    """Allow or deny access to the device with a `user_code`, without a browser."""
    decision = DeviceDecision.model_validate_json(body)
    if decision.allow:
        headless_consent.approve_device(tenant, decision.user_code, decision.email)
    else:
        headless_consent.deny_device(tenant, decision.user_code)
    return {"allowed": decision.allow}


def revoke(tenant: TenantState, body: bytes) -> object:
    """Revoke a `refresh_token` and all access tokens of the same grant."""
    headless_consent.revoke(tenant, Revocation.model_validate_json(body).refresh_token)
    return {"revoked": True}


def list_keys(tenant: TenantState, _: bytes) -> object:
    """Return the public key for the signatures of ID tokens, as a JSON Web Key Set."""
    with tenant.store.transaction() as db:
        return {"keys": [signing_key(db).as_dict(private=False)]}


# Called with the tenant, the body, and the parameters of the path.
Operation = Callable[..., object]

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/info"): info,
    ("GET", "/health"): health,
    ("POST", "/reset"): reset,
    ("POST", "/tenant"): load_tenant,
    ("GET", "/clock"): read_clock,
    ("POST", "/clock"): move_clock,
    ("GET", "/faults"): list_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("DELETE", "/faults/{fault_id:int}"): remove_fault,
    ("GET", "/requests"): list_requests,
    ("DELETE", "/requests"): clear_requests,
    ("GET", "/settings"): read_settings,
    ("PATCH", "/settings"): change_settings,
    ("POST", "/certificates"): issue_certificate,
    ("POST", "/structure"): restructure,
    ("POST", "/model-states"): set_active_state,
    ("POST", "/oauth/authorizations"): authorize,
    ("POST", "/oauth/devices"): decide_device,
    ("POST", "/oauth/revocations"): revoke,
    ("GET", "/oauth/keys"): list_keys,
}


def control_routes(tenant: TenantState) -> list[Route]:
    """Return the routes of the control API."""
    operations = [("GET", "/", _contents), *((*key, each) for key, each in OPERATIONS.items())]
    return [
        Route(path, partial(_operate, tenant, operation), methods=[method])
        for method, path, operation in operations
    ]


def _contents(_tenant: TenantState, _body: bytes) -> object:
    """List the operations, and the JSON schemas of their bodies."""
    operations = [
        {
            "method": method,
            "path": f"{CONTROL_PATH}{path.replace(':int', '')}",
            "purpose": operation.__doc__,
        }
        for (method, path), operation in OPERATIONS.items()
    ]
    schemas = {
        model.__name__: model.model_json_schema()
        for model in (
            Fault,
            ClockChange,
            CertificateRequest,
            StructureChange,
            StateChange,
            TenantDescription,
            Authorization,
            DeviceDecision,
            Revocation,
        )
    }
    return {"operations": operations, "bodies": schemas}


async def _operate(tenant: TenantState, operation: Operation, request: Request) -> JSONResponse:
    if reason := _refusal(tenant, request):
        return _error(403, reason)
    body = await request.body()
    try:
        operate = partial(operation, tenant, body, **request.path_params)
        return JSONResponse(await to_thread.run_sync(operate))
    except ValidationError as error:
        details = error.json(include_url=False, include_context=False, include_input=False)
        return _error(400, json.loads(details))
    except TenantError as error:
        problems = [{"msg": str(each), **asdict(each)} for each in error.problems]
        return _error(400, problems or str(error))
    except (OAuthRefusedError, ValueError) as error:
        return _error(400, str(error))
    except (UnknownFaultError, UnknownModelError, UnknownUserError) as error:
        return _error(404, str(error))


def _refusal(tenant: TenantState, request: Request) -> str | None:
    """Return why a request is refused, wherever it comes from, or None."""
    client = request.client.host if request.client else ""
    if reason := tenant.control_refusal(client, request.headers.get("host")):
        return reason
    if "origin" in request.headers:
        # A web page must not control the emulator without its user's knowledge.
        return "The control API is not open to web pages."
    return None


def _error(status: int, error: object) -> JSONResponse:
    return JSONResponse({"error": error}, status_code=status)
