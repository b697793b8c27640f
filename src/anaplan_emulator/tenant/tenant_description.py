"""The description of a whole tenant."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, model_validator

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.action_references import check_action_references
from anaplan_emulator.tenant.audit_description import AuditEventDescription, check_audit_events
from anaplan_emulator.tenant.cloud_description import CloudWorksDescription, check_cloud_works
from anaplan_emulator.tenant.consolidation_description import (
    ConsolidationDescription,
    check_consolidation,
)
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.model_checks import check_model
from anaplan_emulator.tenant.model_description import ModelDescription, WorkspaceDescription
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.problems import Checks, Finding, Location, TenantError
from anaplan_emulator.tenant.user_description import UserDescription

FINDINGS = "findings"
"""Member of a validation's context: a list for findings, which are raised without it."""

SCHEMA = "$schema"
"""Member of a tenant's file that names its schema, for editors."""


class TenantDescription(Description):
    """A tenant: its users, workspaces, models and everything else that its file describes.

    The `default_…` fields name the user, workspace and model whose data the emulator prints at its
    start and offers as `Emulator.user_email`, `workspace_id` and `model_id`.
    """

    name: str = Field(examples=["My company"])
    """Name of the tenant."""
    customer_id: str = Field(
        default="", pattern=r"^([0-9a-f]{32})?$", examples=["0123456789abcdef0123456789abcdef"]
    )
    """Id of the tenant; derived from the name by default."""
    users: list[UserDescription] = Field(
        min_length=1,
        examples=[
            [
                {
                    "email": "me@company.com",
                    "password": "example",
                    "first_name": "My",
                    "last_name": "Self",
                }
            ]
        ],
    )
    """Users. Those of Financial Consolidation are described there."""
    workspaces: tuple[WorkspaceDescription, ...] = Field(
        default=(), examples=[[{"name": "Planning", "models": [{"name": "Sales"}]}]]
    )
    """Workspaces, with their models."""
    oauth_clients: tuple[OAuthClientDescription, ...] = Field(
        default=(), examples=[[{"name": "My tool", "kind": "device"}]]
    )
    """Registered OAuth clients."""
    audit_events: tuple[AuditEventDescription, ...] = Field(
        default=(), examples=[[{"hours_ago": 26, "event": "USR-8", "user": "me@company.com"}]]
    )
    """Past audit events."""
    licenses: tuple[str, ...] = Field(default=(), examples=[["Enterprise"]])
    """Licences that an import of users may assign; any licence if this is empty."""
    consolidation: ConsolidationDescription | None = Field(
        default=None, examples=[{"tenant": "My company", "api_token": "example-token"}]
    )
    """Financial Consolidation, if the tenant has it."""
    cloud_works: CloudWorksDescription = Field(
        default=CloudWorksDescription(), examples=[{"entitled": True}]
    )
    """CloudWorks: cloud storage, connections to it, integrations and flows."""
    default_user: str = Field(default="", examples=["me@company.com"])
    """E-mail address of the user whose credentials the emulator prints; the first one by
    default."""
    default_workspace: str = Field(default="", examples=["Planning"])
    """Name of the workspace whose id the emulator prints; the first one by default."""
    default_model: str = Field(default="", examples=["Sales"])
    """Name of the model whose id the emulator prints; the first one by default."""

    @property
    def customer_guid(self) -> str:
        """The given customer id, or one derived from the tenant's name."""
        return self.customer_id or lower_hex("customer", self.name)

    @property
    def main_user(self) -> UserDescription:
        """The user named by `default_user`, or else the first one."""
        email = self.default_user or self.users[0].email
        return next(user for user in self.users if user.email == email)

    def oauth_client(self, kind: str) -> OAuthClientDescription | None:
        """Return the first OAuth client of a kind, if there is one."""
        return next((client for client in self.oauth_clients if client.kind == kind), None)

    def with_redirect_uri(self, uri: str) -> "TenantDescription":
        """Return the tenant with a callback URL of its first client for the authorization code.

        Raises:
            TenantError: There is no such client, or the URL is not valid.
        """
        client = self.oauth_client("authorization_code")
        if client is None:
            raise TenantError(f"tenant {self.name} has no OAuth client for a callback URL")
        uris = (uri, *(each for each in client.redirect_uris if each != uri))
        try:
            changed = OAuthClientDescription.model_validate(
                {**client.model_dump(), "redirect_uris": uris}
            )
        except ValidationError as error:
            raise TenantError(f"callback URL {uri}: {error.errors()[0]['msg']}") from error
        clients = tuple(changed if each is client else each for each in self.oauth_clients)
        return self.model_copy(update={"oauth_clients": clients})

    @model_validator(mode="before")
    @classmethod
    def _ignore_schema(cls, content: Any) -> Any:
        if isinstance(content, dict) and SCHEMA in content:
            return {name: value for name, value in content.items() if name != SCHEMA}
        return content

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> "TenantDescription":
        checks = Checks()
        _check_tenant(checks, self)
        collected: list[Finding] | None = (info.context or {}).get(FINDINGS)
        if collected is not None:
            collected += checks.findings
        elif checks.findings:
            raise ValueError("\n  ".join(map(str, checks.findings)))
        return self


def _check_tenant(checks: Checks, tenant: TenantDescription) -> None:
    emails = [user.email for user in tenant.users]
    workspaces = [workspace.name for workspace in tenant.workspaces]
    _check_users(checks, tenant, workspaces)
    _check_clients(checks, tenant)
    located: list[tuple[Location, ModelDescription]] = []
    for number, workspace in enumerate(tenant.workspaces):
        at = ("workspaces", number)
        if workspace.name in workspaces[:number]:
            checks.add((*at, "name"), "two workspaces have the same name", "Rename one of them.")
        models = (*at, "models")
        found = [((*models, n), model) for n, model in enumerate(workspace.models)]
        checks.distinct("model", [(model.name, (*place, "name")) for place, model in found])
        located += found
    checks.distinct_ids(
        "workspace", [(w.id, ("workspaces", n, "id")) for n, w in enumerate(tenant.workspaces)]
    )
    checks.distinct_ids("model", [(model.id, (*place, "id")) for place, model in located])
    for place, model in located:
        _check_people(checks, place, model, emails)
        check_model(checks, place, model)
    _check_copies(checks, located)
    names = [model.name for _, model in located]
    check_audit_events(checks, tenant.audit_events, emails, names)
    check_cloud_works(checks, tenant.cloud_works, emails)
    check_action_references(
        checks, tenant.audit_events, tenant.cloud_works.integrations, workspaces, located
    )
    if tenant.consolidation is not None:
        check_consolidation(checks, tenant.consolidation)
    _check_defaults(checks, tenant, workspaces, names)


def _check_users(checks: Checks, tenant: TenantDescription, workspaces: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for number, user in enumerate(tenant.users):
        at = ("users", number)
        if first.setdefault(user.email.lower(), number) != number:
            checks.add((*at, "email"), "two users have the same e-mail address")
        for name in user.workspaces:
            place = (*at, "workspaces", name)
            checks.known("workspace", name, workspaces, place, ("workspaces",))
    keys: dict[str, Location] = {}
    for number, user in enumerate(tenant.users):
        for position, key in enumerate(user.api_keys):
            at_key = ("users", number, "api_keys", position)
            if keys.setdefault(key.key(user.email), at_key) != at_key:
                checks.add(at_key, "two API keys are the same", "Rename one, or change its value.")
    checks.distinct_ids("user", [(u.id, ("users", n, "id")) for n, u in enumerate(tenant.users)])


def _check_clients(checks: Checks, tenant: TenantDescription) -> None:
    first: dict[str, int] = {}
    for number, client in enumerate(tenant.oauth_clients):
        if first.setdefault(client.id, number) != number:
            checks.add(
                ("oauth_clients", number, "client_id" if client.client_id else "name"),
                "two OAuth clients have the same id, or the same name and no id",
                "Rename one of them, or give it another client_id.",
            )


def _check_people(
    checks: Checks, place: Location, model: ModelDescription, emails: Sequence[str]
) -> None:
    for email in model.roles:
        checks.known_user(email, emails, (*place, "roles", email))
    for number, revision in enumerate(model.revisions):
        if revision.author:
            checks.known_user(revision.author, emails, (*place, "revisions", number, "author"))


def _check_copies(checks: Checks, models: Sequence[tuple[Location, ModelDescription]]) -> None:
    for position, (place, model) in enumerate(models):
        originals = [each for _, each in models[:position] if not each.copy_of]
        names = [each.name for each in originals]
        if model.copy_of and not checks.known(
            "model before it", model.copy_of, names, (*place, "copy_of"), ("workspaces",)
        ):
            continue
        found = [each for each in originals if model.copy_of and each.name == model.copy_of]
        revisions = [each.name for each in found[-1].revisions] if found else []
        if model.copied_at:
            checks.known("revision", model.copied_at, revisions, (*place, "copied_at"))


def _check_defaults(
    checks: Checks, tenant: TenantDescription, workspaces: Sequence[str], models: Sequence[str]
) -> None:
    if tenant.default_user:
        emails = [user.email for user in tenant.users]
        checks.known_user(tenant.default_user, emails, ("default_user",))
    for kind, name, known in (
        ("workspace", tenant.default_workspace, workspaces),
        ("model", tenant.default_model, models),
    ):
        if name:
            checks.known(kind, name, known, (f"default_{kind}",), ("workspaces",))
