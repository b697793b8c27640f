"""Users' decisions about access, by the same rules as on the pages but without a browser."""

import sqlite3
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error

from anaplan_emulator.apis.authentication.state import record_login
from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.authorization_server import OAuthServer
from anaplan_emulator.apis.oauth.errors import api_error
from anaplan_emulator.apis.oauth.state import Device
from anaplan_emulator.store.audit_events import AuditContext, Event
from anaplan_emulator.store.users import User, takes_password, user_by_email
from anaplan_emulator.tenant_state import TenantState


class OAuthRefusedError(Exception):
    """The authorization server rejects an authorization, a device or a refresh token."""


def authorize(
    tenant: TenantState, url: str, email: str | None = None, *, allow: bool = True
) -> str:
    """Sign in at an authorization URL and allow or deny access.

    Args:
        tenant: The tenant.
        url: The authorization URL.
        email: E-mail address of the user; the main user by default. Users of single sign-on are
            accepted.
        allow: Whether the user allows access.

    Returns:
        The callback URL to which the browser would have been redirected.

    Raises:
        OAuthRefusedError: The URL is not valid, or the user cannot sign in.
    """
    with tenant.store.transaction() as db:
        provider = OAuthServer(tenant, db, tenant.base_url)
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        try:
            grant = provider.authorization(query)
        except OAuth2Error as error:
            raise OAuthRefusedError(api_error(error).message) from error
        user = _sign_in(tenant, db, email)
        location: str = provider.decide(grant, user if allow else None).headers["location"]
    _record_sign_in(tenant, user)
    return location


def approve_device(tenant: TenantState, user_code: str, email: str | None = None) -> None:
    """Sign in and allow access to a device.

    Args:
        tenant: The tenant.
        user_code: The code that the device shows.
        email: E-mail address of the user; the main user by default.

    Raises:
        OAuthRefusedError: No device is waiting with this code, or the user cannot sign in with a
            password, which the device grant requires (docs/anaplan-behaviour.md#oauth).
    """
    with tenant.store.transaction() as db:
        device = _waiting_device(tenant, db, user_code)
        user = _sign_in(tenant, db, email)
        if not takes_password(db, user):
            raise OAuthRefusedError(f"{user.email} must sign in with single sign-on")
        state.approve_device(db, device, user, tenant.clock)
    _record_sign_in(tenant, user)


def deny_device(tenant: TenantState, user_code: str) -> None:
    """Deny access to a device.

    Args:
        tenant: The tenant.
        user_code: The code that the device shows.

    Raises:
        OAuthRefusedError: No device is waiting with this code.
    """
    with tenant.store.transaction() as db:
        state.deny_device(db, _waiting_device(tenant, db, user_code))


def revoke(tenant: TenantState, refresh_token: str) -> None:
    """Revoke a refresh token and all access tokens of the same grant.

    Args:
        tenant: The tenant.
        refresh_token: The refresh token.

    Raises:
        OAuthRefusedError: The refresh token is unknown or has expired.
    """
    with tenant.store.transaction() as db:
        found = state.find_refresh_token(db, refresh_token, tenant.clock)
        if found is None:
            raise OAuthRefusedError("the refresh token is unknown, revoked or expired")
        state.revoke_grant(db, found.grant)


def _sign_in(tenant: TenantState, db: sqlite3.Connection, email: str | None) -> User:
    email = email or tenant.description.main_user.email
    user = user_by_email(db, email)
    if user is None or not user.active:
        raise OAuthRefusedError(f"{email} is not an active user of the tenant")
    record_login(db, user, tenant.clock.now())
    return user


def _record_sign_in(tenant: TenantState, user: User) -> None:
    tenant.audit_log.add(AuditContext(), [Event(code="USR-8", user_id=user.id, object_id=user.id)])


def _waiting_device(tenant: TenantState, db: sqlite3.Connection, user_code: str) -> Device:
    device = state.device_by_user_code(db, user_code, tenant.clock)
    if device is None or not device.is_waiting:
        raise OAuthRefusedError(f"no device is waiting with the code {user_code}")
    return device
