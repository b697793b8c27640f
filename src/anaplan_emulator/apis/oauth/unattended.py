"""What a person does on the pages, done by tests and scripts: the same rules without a browser."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error

from anaplan_emulator.apis.authentication.state import record_login
from anaplan_emulator.apis.oauth import state
from anaplan_emulator.apis.oauth.provider import Provider, refusal
from anaplan_emulator.apis.oauth.state import Device
from anaplan_emulator.audit import Account, Event
from anaplan_emulator.store.users import User, takes_password, user_by_email

if TYPE_CHECKING:
    import sqlite3

    from anaplan_emulator.world import World


class OAuthRefusedError(Exception):
    """The pages would not have let a person do this."""


def authorize(world: "World", url: str, email: str | None = None, *, allow: bool = True) -> str:
    """Sign in at an authorization URL and decide; single sign-on is as good as a password here.

    Args:
        world: Whose pages.
        url: What the browser would have opened.
        email: Who signs in; the user who is introduced by default.
        allow: Whether the user consents.

    Returns:
        The callback URL that the browser would have been sent to.

    Raises:
        OAuthRefusedError: The URL asks for what can't be had, or the user can't sign in.
    """
    with world.store.transaction() as db:
        provider = Provider(world, db, world.base_url)
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        try:
            grant = provider.authorization(query)
        except OAuth2Error as error:
            raise OAuthRefusedError(refusal(error).message) from error
        user = _sign_in(world, db, email)
        location: str = provider.decide(grant, user if allow else None).headers["location"]
    _signed_in(world, user)
    return location


def approve_device(world: "World", user_code: str, email: str | None = None) -> None:
    """Sign in and let a device in.

    Args:
        world: Whose pages.
        user_code: The code that the device shows.
        email: Who signs in; the user who is introduced by default.

    Raises:
        OAuthRefusedError: No device waits with this code, or the user can't sign in with a
            password, as the device grant needs (facts 3).
    """
    with world.store.transaction() as db:
        device = _waiting_device(world, db, user_code)
        user = _sign_in(world, db, email)
        if not takes_password(db, user):
            raise OAuthRefusedError(f"{user.email} must sign in with single sign-on")
        state.approve_device(db, device, user, world.clock)
    _signed_in(world, user)


def deny_device(world: "World", user_code: str) -> None:
    """Turn a device away.

    Raises:
        OAuthRefusedError: No device waits with this code.
    """
    with world.store.transaction() as db:
        state.deny_device(db, _waiting_device(world, db, user_code))


def revoke(world: "World", refresh_token: str) -> None:
    """Take back what a user has allowed: the refresh token and all access tokens made of it.

    Raises:
        OAuthRefusedError: The refresh token is unknown, or has expired.
    """
    with world.store.transaction() as db:
        found = state.find_refresh_token(db, refresh_token, world.clock)
        if found is None:
            raise OAuthRefusedError("the refresh token is unknown, revoked or expired")
        state.revoke_grant(db, found.grant)


def _sign_in(world: "World", db: "sqlite3.Connection", email: str | None) -> User:
    email = email or world.tenant.signing_user.email
    user = user_by_email(db, email)
    if user is None or not user.active:
        raise OAuthRefusedError(f"{email} is no active user of the tenant")
    record_login(db, user, world.clock.now())
    return user


def _signed_in(world: "World", user: User) -> None:
    world.trail.add(Account(), [Event(code="USR-8", user_id=user.id, object_id=user.id)])


def _waiting_device(world: "World", db: "sqlite3.Connection", user_code: str) -> Device:
    device = state.device_by_user_code(db, user_code, world.clock)
    if device is None or not device.waits:
        raise OAuthRefusedError(f"no device waits with the code {user_code}")
    return device
