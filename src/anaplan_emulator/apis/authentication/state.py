"""Who is signing in: passwords and certificates, and why they are refused."""

import base64
import binascii
import hmac
import sqlite3
from datetime import datetime

from anaplan_emulator.replies import ApiError
from anaplan_emulator.store.users import User, read_user, takes_password


def bad_header(status: int) -> ApiError:
    """Refuse an `Authorization` header of an unknown shape."""
    return ApiError(
        status, "The Authorization header is missing or malformed.", code="FAILURE_BAD_HEADER"
    )


def bad_credential(message: str) -> ApiError:
    """Refuse a sign-in."""
    return ApiError(401, message, code="FAILURE_BAD_CREDENTIAL")


def user_by_credential(db: sqlite3.Connection, credential: str) -> User:
    """Find the user of a Basic credential.

    Raises:
        ApiError: 401, as for `user_by_password`.

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
    """Find the user with this password.

    Raises:
        ApiError: 401, with the same words whether the user or the password is wrong.

    """
    row = db.execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()
    if row is None or not hmac.compare_digest(row["password"].encode(), password.encode()):
        raise bad_credential("The user name or password is incorrect.")
    user = read_user(row)
    if not user.active:
        raise bad_credential("The user is not active.")
    if not takes_password(db, user):
        raise bad_credential("The user must sign in with single sign-on.")
    return user


def record_login(db: sqlite3.Connection, user: User, now: datetime) -> None:
    """Remember when the user last signed in."""
    written = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}+0000"
    db.execute("UPDATE users SET last_login = ? WHERE id = ?", (written, user.id))
