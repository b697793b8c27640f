"""The control room under `/_emulator/`: what tests and people may do to the emulator itself."""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from anyio import to_thread
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from anaplan_emulator.apis.oauth import unattended
from anaplan_emulator.apis.oauth.identity import signing_key
from anaplan_emulator.apis.oauth.unattended import OAuthRefusedError
from anaplan_emulator.faults import Fault
from anaplan_emulator.journal import ReceivedRequest
from anaplan_emulator.store.model_description import ActiveState, StructureDescription
from anaplan_emulator.store.tenant import TenantDescription, TenantError
from anaplan_emulator.world import UnknownModelError, UnknownUserError, World

CONTROL = "/_emulator"


class ClockChange(BaseModel):
    """A move of the clock: to a moment, then forward by an amount."""

    model_config = ConfigDict(extra="forbid")

    set: AwareDatetime | None = None
    advance_seconds: float = Field(default=0, ge=0)


class CertificateOrder(BaseModel):
    """A certificate wanted for a user."""

    model_config = ConfigDict(extra="forbid")

    email: str
    not_before: AwareDatetime | None = None
    not_after: AwareDatetime | None = None


class Authorization(BaseModel):
    """What a person does at an authorization URL: signs in, and decides."""

    model_config = ConfigDict(extra="forbid")

    url: str
    email: str | None = None
    allow: bool = True


class DeviceDecision(BaseModel):
    """What a person does at the device page: signs in, types the code, and decides."""

    model_config = ConfigDict(extra="forbid")

    user_code: str
    email: str | None = None
    allow: bool = True


class Revocation(BaseModel):
    """A refresh token to end."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str


class StructureChange(StructureDescription):
    """What is added to the structure of a model, by its id or name."""

    model: str


class StateChange(BaseModel):
    """What a model becomes, by its id or name."""

    model_config = ConfigDict(extra="forbid")

    model: str
    active_state: ActiveState


def info(world: World, _: bytes) -> object:
    """Tell where to go, what to sign in with, and where to begin."""
    return world.introduction()


def health(world: World, _: bytes) -> object:
    """Say that the emulator is up."""
    return {"status": "up", "now": world.clock.now().isoformat()}


def reset(world: World, _: bytes) -> object:
    """Go back to the start: tenant as described, real time, no faults, no requests noted."""
    world.reset()
    return world.introduction()


def load_tenant(world: World, body: bytes) -> object:
    """Forget the present tenant and take the one described in the body."""
    world.load_tenant(TenantDescription.model_validate_json(body))
    return world.introduction()


def read_clock(world: World, _: bytes) -> object:
    """Tell the emulator's time, and how far it is from real time."""
    return {
        "now": world.clock.now().isoformat(),
        "offset_seconds": world.clock.offset.total_seconds(),
    }


def move_clock(world: World, body: bytes) -> object:
    """Move the clock: {"advance_seconds": 60}, or {"set": "2026-01-31T08:00:00Z"}."""
    change = ClockChange.model_validate_json(body)
    if change.set is not None:
        world.clock.set(change.set)
    world.clock.advance(timedelta(seconds=change.advance_seconds))
    world.save()
    return read_clock(world, body)


def list_faults(world: World, _: bytes) -> object:
    """List the faults, and how many requests each has seen and met."""
    return world.faults.listing()


def add_fault(world: World, body: bytes) -> object:
    """Put a fault to work."""
    return {"id": world.faults.add(Fault.model_validate_json(body))}


def clear_faults(world: World, _: bytes) -> object:
    """Take all faults away."""
    world.faults.clear()
    return []


def list_requests(world: World, _: bytes) -> object:
    """List the requests received, secrets masked."""
    requests = world.journal.requests()
    return TypeAdapter(list[ReceivedRequest]).dump_python(requests, mode="json")


def clear_requests(world: World, _: bytes) -> object:
    """Forget the requests received."""
    world.journal.clear()
    return []


def read_settings(world: World, _: bytes) -> object:
    """Show the settings."""
    return world.settings.model_dump(mode="json")


def change_settings(world: World, body: bytes) -> object:
    """Change the settings named in the body."""
    changes = TypeAdapter(dict[str, object]).validate_json(body)
    world.change_settings(changes)
    return read_settings(world, body)


def issue_certificate(world: World, body: bytes) -> object:
    """Issue a certificate to the user of an `email`; `not_before` and `not_after` as wished."""
    order = CertificateOrder.model_validate_json(body)
    pair = world.issue_certificate(
        order.email, not_before=order.not_before, not_after=order.not_after
    )
    return asdict(pair)


def restructure(world: World, body: bytes) -> object:
    """Add `lists` and `modules`, as in a tenant's file, to the structure of a `model`."""
    change = StructureChange.model_validate_json(body)
    world.restructure(change.model, change)
    return {"restructured": change.model}


def set_active_state(world: World, body: bytes) -> object:
    """Give a `model` another `active_state`: locked, archived, in maintenance, or back."""
    change = StateChange.model_validate_json(body)
    world.set_active_state(change.model, change.active_state)
    return change.model_dump()


def authorize(world: World, body: bytes) -> object:
    """Sign in at an authorization `url` and decide, without a browser."""
    order = Authorization.model_validate_json(body)
    return {"callback_url": unattended.authorize(world, order.url, order.email, allow=order.allow)}


def decide_device(world: World, body: bytes) -> object:
    """Let in the device that shows a `user_code`, or turn it away, without a browser."""
    order = DeviceDecision.model_validate_json(body)
    if order.allow:
        unattended.approve_device(world, order.user_code, order.email)
    else:
        unattended.deny_device(world, order.user_code)
    return {"allowed": order.allow}


def revoke(world: World, body: bytes) -> object:
    """Revoke a `refresh_token`, and all access tokens of the same sign-in."""
    unattended.revoke(world, Revocation.model_validate_json(body).refresh_token)
    return {"revoked": True}


def list_keys(world: World, _: bytes) -> object:
    """Show the public key that ID tokens are signed with, as a JSON Web Key Set."""
    with world.store.transaction() as db:
        return {"keys": [signing_key(db).as_dict(private=False)]}


Operation = Callable[[World, bytes], object]

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


def control_routes(world: World) -> list[Route]:
    """Make the control room's routes."""
    doors = [("GET", "/", _contents), *((*key, act) for key, act in OPERATIONS.items())]
    return [
        Route(path, partial(_operate, world, operation), methods=[method])
        for method, path, operation in doors
    ]


def _contents(_world: World, _body: bytes) -> object:
    """Show what can be done here."""
    operations = [
        {"method": method, "path": f"{CONTROL}{path}", "purpose": operation.__doc__}
        for (method, path), operation in OPERATIONS.items()
    ]
    schemas = {
        model.__name__: model.model_json_schema()
        for model in (
            Fault,
            ClockChange,
            CertificateOrder,
            StructureChange,
            StateChange,
            TenantDescription,
            Authorization,
            DeviceDecision,
            Revocation,
        )
    }
    return {"operations": operations, "bodies": schemas}


async def _operate(world: World, operation: Operation, request: Request) -> JSONResponse:
    if not world.control_from_anywhere and not _is_local(request):
        return _refuse(403, "The control room is open to this machine only.")
    if "origin" in request.headers:
        # A page in a browser must not drive the emulator behind its user's back.
        return _refuse(403, "The control room is not open to web pages.")
    body = await request.body()
    try:
        return JSONResponse(await to_thread.run_sync(operation, world, body))
    except ValidationError as error:
        told = error.json(include_url=False, include_context=False, include_input=False)
        return _refuse(400, json.loads(told))
    except (OAuthRefusedError, TenantError, ValueError) as error:
        return _refuse(400, str(error))
    except (UnknownModelError, UnknownUserError) as error:
        return _refuse(404, str(error))


def _is_local(request: Request) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback


def _refuse(status: int, error: object) -> JSONResponse:
    return JSONResponse({"error": error}, status_code=status)
