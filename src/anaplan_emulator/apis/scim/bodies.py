"""Parsing the bodies of SCIM requests: users and patches.

Source: docs/anaplan-behaviour.md#scim-changes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from anaplan_emulator.apis.replies import ApiError
from anaplan_emulator.apis.scim.discovery import PATCH_OP, USER
from anaplan_emulator.store.users import EMAIL

Kind = Literal["WORKSPACE", "WORKSPACE_IDS", "WORKSPACE_NAMES"]

_VALUE_PATH = re.compile(r'(\w+)\s*\[\s*type\s+eq\s+"(\w+)"\s*\](?:\.(\w+))?', re.IGNORECASE)
_READ_ONLY = frozenset(
    {"schemas", "id", "username", "displayname", "name.formatted", "meta", "groups"}
)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """An entitlement to workspaces: an id, or a list of ids or names."""

    value: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class UserBody:
    """A user in a request; None for missing attributes."""

    id: str | None
    user_name: str | None
    given_name: str
    family_name: str
    external_id: str | None
    active: bool | None
    work_email: str | None
    entitlements: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An operation of a patch."""

    operation: Literal["add", "remove", "replace"]
    attribute: str
    value: str | bool | tuple[Entitlement, ...] | None


def invalid(message: str, code: str = "invalidValue") -> ApiError:
    """Return the error for an invalid request."""
    return ApiError(400, message, code=code)


def read_user_body(body: object) -> UserBody:
    """Parse a user.

    Raises:
        ApiError: 400, the body is not valid.
    """
    user = _object(body, "The request body")
    schemas = user.get("schemas")
    if schemas is not None and (not isinstance(schemas, list) or USER not in schemas):
        raise invalid(f"schemas does not include {USER}")
    name = _object(user.get("name"), "name")
    active = user.get("active")
    return UserBody(
        id=_text(user["id"], "id") if user.get("id") is not None else None,
        user_name=_text(user["userName"], "userName") if "userName" in user else None,
        given_name=_text(name.get("givenName"), "name.givenName"),
        family_name=_text(name.get("familyName"), "name.familyName"),
        external_id=_optional_text(user.get("externalId"), "externalId"),
        active=None if active is None else _boolean(active),
        work_email=_work_email(user["emails"]) if user.get("emails") else None,
        entitlements=_entitlements(user.get("entitlements") or []),
    )


def read_patch(body: object) -> list[Change]:
    """Parse a patch completely, before any of its operations is applied.

    Raises:
        ApiError: 400, the body is not valid.
    """
    patch = _object(body, "The request body")
    schemas = patch.get("schemas")
    if not isinstance(schemas, list) or PATCH_OP not in schemas:
        raise invalid(f"schemas does not include {PATCH_OP}", "invalidSyntax")
    operations = patch.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise invalid("Operations is missing or empty", "invalidSyntax")
    return [change for each in operations for change in _changes(_object(each, "An operation"))]


def _changes(operation: Mapping[str, object]) -> list[Change]:
    operator = operation.get("op")
    name = operator.lower() if isinstance(operator, str) else ""
    if name not in ("add", "remove", "replace"):
        raise invalid("op must be add, remove or replace", "invalidSyntax")
    path = operation.get("path")
    if not isinstance(path, str) or not path:
        raise invalid("path is missing", "invalidPath")
    attribute, kind = _target(path)
    value = operation.get("value")
    if attribute == "entitlements":
        listed = [] if value is None else value if isinstance(value, list) else [value]
        if name == "add" and not listed:
            raise invalid("value is missing")
        return [Change(name, attribute, _entitlements(listed, kind))]  # type: ignore[arg-type]
    if name == "remove":
        if attribute != "externalId":
            raise invalid(f"{path} cannot be removed", "mutability")
        return [Change("remove", attribute, None)]
    if attribute == "name":
        return [
            Change("replace", f"name.{part}", _text(text, f"name.{part}"))
            for part, text in _object(value, "name").items()
            if part in ("givenName", "familyName")
        ]
    if attribute == "active":
        return [Change("replace", attribute, _boolean(value))]
    if attribute == "emails":
        address = _address(value) if isinstance(value, str) else _work_email(value)
        return [Change("replace", attribute, address)]
    return [Change("replace", attribute, _text(value, path))]


def _target(path: str) -> tuple[str, Kind | None]:
    """Return the attribute of a path, and the kind of entitlement that it selects."""
    if selected := _VALUE_PATH.fullmatch(path.strip()):
        attribute, kind, part = selected[1].lower(), selected[2].upper(), selected[3]
        if attribute == "emails" and kind == "WORK" and part in (None, "value"):
            return "emails", None
        if attribute == "entitlements" and part in (None, "value") and _is_kind(kind):
            return "entitlements", kind  # type: ignore[return-value]
        raise invalid(f"{path} is not a supported path", "invalidPath")
    known = ("name", "name.givenName", "name.familyName", "externalId", "active", "emails")
    folded = path.strip().lower()
    for attribute in (*known, "entitlements"):
        if attribute.lower() == folded:
            return attribute, None
    if folded in _READ_ONLY:
        raise invalid(f"{path} is read-only", "mutability")
    raise invalid(f"{path} is not a supported path", "invalidPath")


def _entitlements(listed: object, kind: Kind | None = None) -> tuple[Entitlement, ...]:
    """Parse entitlements. If there are single workspaces, lists of them are ignored."""
    if not isinstance(listed, list):
        raise invalid("entitlements is not a list")
    found = [_entitlement(each, kind) for each in listed]
    singles = tuple(each for each in found if each.kind == "WORKSPACE")
    return singles or tuple(found)


def _entitlement(each: object, kind: Kind | None) -> Entitlement:
    if kind is not None and isinstance(each, str):
        return Entitlement(each, kind)
    entitlement = _object(each, "An entitlement")
    written = entitlement.get("type") or kind or "WORKSPACE"
    if not isinstance(written, str) or not _is_kind(written):
        raise invalid("The type of an entitlement is unknown")
    value = _text(entitlement.get("value"), "The value of an entitlement")
    return Entitlement(value, written)  # type: ignore[arg-type]


def _is_kind(text: str) -> bool:
    return text in ("WORKSPACE", "WORKSPACE_IDS", "WORKSPACE_NAMES")


def _work_email(emails: object) -> str:
    listed: Sequence[object] = emails if isinstance(emails, list) else [emails]
    if len(listed) != 1:
        raise invalid("Exactly one e-mail address, of type work, is required")
    email = _object(listed[0], "An e-mail address")
    if email.get("type", "work") != "work":
        raise invalid("Exactly one e-mail address, of type work, is required")
    return _address(email.get("value"))


def _address(value: object) -> str:
    text = _text(value, "The value of an e-mail address")
    if not EMAIL.fullmatch(text):
        raise invalid("The value is not an e-mail address")
    return text


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise invalid("active is not a boolean")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{name} is missing, or not a string")
    return value


def _optional_text(value: object, name: str) -> str | None:
    return None if value is None else _text(value, name)


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise invalid(f"{name} is missing, or not an object", "invalidSyntax")
    return value
