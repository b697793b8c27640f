"""The description of a whole tenant."""

from collections.abc import Sequence

from pydantic import Field, ValidationError, model_validator

from anaplan_emulator.store.identifiers import lower_hex
from anaplan_emulator.tenant.audit_description import AuditEventDescription, check_audit_events
from anaplan_emulator.tenant.cloud_description import CloudWorksDescription
from anaplan_emulator.tenant.consolidation_description import ConsolidationDescription
from anaplan_emulator.tenant.description import Description
from anaplan_emulator.tenant.model_description import ModelDescription, WorkspaceDescription
from anaplan_emulator.tenant.oauth_client_description import OAuthClientDescription
from anaplan_emulator.tenant.user_description import UserDescription


class TenantError(Exception):
    """A tenant's description cannot be read, or contradicts itself."""


class TenantDescription(Description):
    """A tenant: its users, workspaces, models and everything else that its file describes.

    The `default_…` fields name the user, workspace and model whose data the emulator prints at its
    start and offers as `Emulator.user_email`, `workspace_id` and `model_id`.
    """

    name: str
    customer_id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    users: list[UserDescription] = Field(min_length=1)
    workspaces: tuple[WorkspaceDescription, ...] = ()
    oauth_clients: tuple[OAuthClientDescription, ...] = ()
    audit_events: tuple[AuditEventDescription, ...] = ()
    licenses: tuple[str, ...] = ()
    """Licences that an import of users may assign; any licence if this is empty."""
    consolidation: ConsolidationDescription | None = None
    """Financial Consolidation, if the tenant has it."""
    cloud_works: CloudWorksDescription = CloudWorksDescription()
    default_user: str = ""
    default_workspace: str = ""
    default_model: str = ""

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

    @model_validator(mode="after")
    def _check_names(self) -> "TenantDescription":
        emails = [user.email.lower() for user in self.users]
        if len(set(emails)) < len(emails):
            raise ValueError("two users have the same e-mail address")
        if self.default_user and self.default_user not in [user.email for user in self.users]:
            raise ValueError(f"default_user {self.default_user!r} is not one of the users")
        if len({client.id for client in self.oauth_clients}) < len(self.oauth_clients):
            raise ValueError("two OAuth clients have the same id, or the same name and no id")
        self._check_workspaces()
        return self

    def _check_workspaces(self) -> None:
        workspaces = {workspace.name: workspace for workspace in self.workspaces}
        emails = {user.email for user in self.users}
        if len(workspaces) < len(self.workspaces):
            raise ValueError("two workspaces have the same name")
        for user in self.users:
            if unknown := user.workspaces.keys() - workspaces.keys():
                raise ValueError(f"{user.email}: no workspace is called {min(unknown)!r}")
        models = [model for workspace in self.workspaces for model in workspace.models]
        for model in models:
            authors = {revision.author for revision in model.revisions} - {""}
            if unknown := (model.roles.keys() | authors) - emails:
                raise ValueError(f"{model.name}: {min(unknown)!r} is not one of the users")
        _check_copies(models)
        check_audit_events(self.audit_events, emails, {model.name for model in models})
        for kind, name, known in (
            ("workspace", self.default_workspace, set(workspaces)),
            ("model", self.default_model, {model.name for model in models}),
        ):
            if name and name not in known:
                raise ValueError(f"default_{kind}: no {kind} is called {name!r}")


def _check_copies(models: Sequence[ModelDescription]) -> None:
    for position, model in enumerate(models):
        originals = [each for each in models[:position] if each.name == model.copy_of]
        if model.copy_of and (not originals or originals[-1].copy_of):
            raise ValueError(f"{model.name}: no model before it is called {model.copy_of!r}")
        revisions = originals[-1].revisions if model.copy_of else ()
        if model.copied_at and model.copied_at not in [each.name for each in revisions]:
            raise ValueError(f"{model.name}: no revision is called {model.copied_at!r}")
