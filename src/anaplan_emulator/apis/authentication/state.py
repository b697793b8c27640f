"""Signing in with a password."""

import base64
import binascii
import hmac
import sqlite3
from datetime import datetime

from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.clock import iso_milliseconds
from anaplan_emulator.store.records import read_record
from anaplan_emulator.store.users import User, takes_password


def bad_header(status: int) -> ApiError:
    """Return the error for a malformed `Authorization` header."""
    return ApiError(
        status, "The Authorization header is missing or malformed.", code="FAILURE_BAD_HEADER"
    )


def bad_credential(message: str) -> ApiError:
    """Return the error for a failed sign-in."""
    return ApiError(401, message, code="FAILURE_BAD_CREDENTIAL")


def user_by_credential(db: sqlite3.Connection, credential: str) -> User:
    """Return the user of a Basic credential.

    Raises:
        ApiError: 401, the credential is malformed, or the user cannot sign in with it.
    """
    try:
        email, separator, password = (
            base64.b64decode(credential.strip(), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credential("The Basic credential is not base64 of user:password.") from error
    if not separator:
        raise bad_credential("The Basic credential is not base64 of user:password.")
    return user_by_password(db, email, password)


def user_by_password(db: sqlite3.Connection, email: str, password: str) -> User:
    """Return the user with an e-mail address and password.

    Raises:
        ApiError: 401, with the same message for a wrong e-mail address and a wrong password.
    """
    row = db.execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
    if row is None or not hmac.compare_digest(row["password"].encode(), password.encode()):
        raise bad_credential("The user name or password is incorrect.")
    user = read_record(User, row)
    if not user.active:
        raise bad_credential("The user is not active.")
    if not takes_password(db, user):
        raise bad_credential("The user must sign in with single sign-on.")
    return user


def record_login(db: sqlite3.Connection, user: User, now: datetime) -> None:
    """Record when the user last signed in."""
    db.execute("UPDATE users SET last_login = ? WHERE id = ?", (iso_milliseconds(now), user.id))
