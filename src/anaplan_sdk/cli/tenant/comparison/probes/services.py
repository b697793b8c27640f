"""Probes of signing in, and of the APIs beside the Integration API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anaplan_sdk.cli.tenant.comparison.findings import Finding, NotApplicable
from anaplan_sdk.cli.tenant.comparison.probe import Probe, probe
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply, Service
from anaplan_sdk.cli.tenant.comparison.vocabulary import shown_value

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import View


def _status(reply: Reply, member: str = "status") -> str:
    """Return the status of a reply, with the code in its body if it is a known one."""
    code = reply.member(member)
    shown = shown_value(member, code) if isinstance(code, str) else None
    return f"{reply.status} {shown or 'without a code'}"


def _unsigned(
    path: str, service: Service, authorization: str, note: str, body: object = None
) -> Call:
    return Call(
        path,
        method="POST",
        service=service,
        unsigned=authorization,
        json=body,
        fails=True,
        note=note,
    )


@probe(
    "malformed-authorization",
    "Which status and code a malformed Authorization header gets at authenticate and logout.",
    "authentication-failures",
)
def malformed_authorization(view: View) -> Finding | None:
    """Send headers that name no user."""
    found: list[str] = []
    for path in ("authenticate", "logout"):
        for header, note in (
            ("", "no header"),
            ("Invented value", "unknown scheme"),
            ("invented", "bare value"),
            ("Bearer invented", "Bearer"),
        ):
            reply = view.send(_unsigned(f"/token/{path}", "auth", header, note))
            found.append(f"{path}, {note}: {_status(reply)}")
    return Finding(None, "; ".join(found))


@probe(
    "refresh-token-id",
    "tokenId, tokenValue and refreshTokenId stay the same when a token is refreshed.",
    "token-lifetime-and-refresh",
)
def refresh_token_id(view: View) -> Finding | None:
    """Refresh the token twice."""
    if view.token is None:
        view.get("/2/0/users/me")
    token = view.token
    if token is None:
        raise NotApplicable("the profile does not sign in with a token of Anaplan's")
    replies = [
        view.send(
            Call(
                "/token/refresh",
                method="POST",
                service="auth",
                unsigned=token,
                note=f"refresh {number}",
            )
        )
        for number in (1, 2)
    ]
    if not all(each.is_success for each in replies):
        raise NotApplicable(f"the token cannot be refreshed ({replies[0].status})")
    found: list[str] = []
    for name in ("tokenId", "tokenValue", "refreshTokenId"):
        values = [each.member(f"tokenInfo.{name}") for each in replies]
        same = "missing" if None in values else "same" if values[0] == values[1] else "changed"
        found.append(f"{name}: {same}")
    return Finding(not any("changed" in each for each in found), "; ".join(found))


@probe(
    "oauth-errors",
    "The status of OAuth errors: no client, an unknown client, no grant type, an invented token.",
    "oauth-errors",
)
def oauth_errors(view: View) -> Finding | None:
    """Send requests of an invented client."""
    client = "0" * 32
    refresh = {"grant_type": "refresh_token", "client_id": client, "refresh_token": "invented"}
    calls: tuple[tuple[str, str, object], ...] = (
        ("/oauth/device/code", "no client", {}),
        ("/oauth/device/code", "unknown client", {"client_id": client}),
        ("/oauth/token", "no grant type", {"client_id": client}),
        ("/oauth/token", "invented refresh token", refresh),
    )
    found: list[str] = []
    for path, note, body in calls:
        reply = view.send(_unsigned(path, "oauth", "", note, body))
        found.append(f"{note}: {_status(reply, 'error')}")
    return Finding(None, "; ".join(found))


@probe(
    "audit-base",
    "The Audit API answers below /audit/api/1 at the audit host of the region.",
    "base-paths",
)
def audit_base(view: View) -> Finding | None:
    """Read one audit event."""
    reply = view.send(
        Call(
            "/events",
            service="audit",
            query={"intervalInHours": 1, "limit": 1},
            captured=False,
        )
    )
    return Finding(
        reply.status in (200, 204, 401),
        _status(reply) if reply.status == 401 else str(reply.status),
    )


@probe(
    "scim-content-type",
    "SCIM accepts application/json in place of application/scim+json.",
    "scim-api",
)
def scim_content_type(view: View) -> Finding | None:
    """Read a user with either media type."""
    found: list[str] = []
    for media in ("application/scim+json", "application/json"):
        call = Call(
            "/Users",
            service="scim",
            query={"count": 1},
            headers={"Accept": media},
            captured=False,
        )
        found.append(f"{media}: {view.send(call).status}")
    if all("401" in each or "403" in each for each in found):
        raise NotApplicable("the profile lacks the role User Admin")
    return Finding("200" in found[1].rpartition(":")[2], "; ".join(found))


@probe(
    "scim-default-count",
    "A listing of users in SCIM has 50 users by default.",
    "scim-users",
)
def scim_default_count(view: View) -> Finding | None:
    """Read the first page without a count."""
    reply = view.send(Call("/Users", service="scim", captured=False))
    if not reply.is_success:
        raise NotApplicable("the profile lacks the role User Admin")
    total, count = reply.member("totalResults"), reply.member("itemsPerPage")
    if not isinstance(total, int) or not isinstance(count, int) or total <= count:
        raise NotApplicable("all users are on one page")
    return Finding(count == 50, f"{count} on the first page")


@probe(
    "administration-default-rows",
    "How many rows an export of users has without Limit: 10, or all.",
    "administration-api",
)
def administration_default_rows(view: View) -> Finding | None:
    """Export users with and without the parameters."""
    headers = {"Accept": "text/csv"}
    path = "/admin/1/0/users/export"
    default = view.send(Call(path, headers=headers, captured=False))
    known = view.send(Call(path, query={"Limit": 11, "Offset": 0}, headers=headers, captured=False))
    if not default.is_success or not known.is_success:
        raise NotApplicable("the profile lacks the role Tenant Administrator")
    counts = [len(each.text.splitlines()) - 1 for each in (default, known)]
    if counts[1] <= 10:
        raise NotApplicable("the tenant has 10 users or fewer")
    return Finding(
        None, "10 rows" if counts[0] == 10 else "all rows" if counts[0] > 10 else "fewer"
    )


@probe(
    "consolidation-error-shape",
    "The shape of an error of Financial Consolidation.",
    "financial-consolidation-api",
)
def consolidation_error_shape(view: View) -> Finding | None:
    """Read a table that does not exist."""
    from anaplan_sdk.exceptions import InvalidCredentialsException

    try:
        reply = view.send(
            Call("/odata/InventedTable", service="consolidation", fails=True, captured=False)
        )
    except InvalidCredentialsException:
        raise NotApplicable("the profile has no access to Financial Consolidation") from None
    body = reply.body
    form = f"an object of {len(body)} members" if isinstance(body, dict) else "no object"
    return Finding(None, f"{reply.status}, {form if reply.is_json else 'not JSON'}")


SERVICES: tuple[Probe, ...] = (
    malformed_authorization,
    refresh_token_id,
    oauth_errors,
    audit_base,
    scim_content_type,
    scim_default_count,
    administration_default_rows,
    consolidation_error_shape,
)
