"""Checks that CloudWorks and audit events name actions that their models have."""

from collections.abc import Sequence

from anaplan_emulator.tenant.action_definitions import ACTION_CLASSES, ImportDefinition
from anaplan_emulator.tenant.audit_description import AuditEventDescription
from anaplan_emulator.tenant.cloud_description import IntegrationDescription
from anaplan_emulator.tenant.model_description import ModelDescription
from anaplan_emulator.tenant.problems import Checks, Location

_WORKSPACES: Location = ("workspaces",)


def check_action_references(
    checks: Checks,
    audit_events: Sequence[AuditEventDescription],
    integrations: Sequence[IntegrationDescription],
    workspaces: Sequence[str],
    located: Sequence[tuple[Location, ModelDescription]],
) -> None:
    """Check that models, actions and processes are those of the named model.

    Args:
        checks: Collects the mistakes.
        audit_events: The tenant's audit events.
        integrations: Its integrations.
        workspaces: Names of its workspaces.
        located: Its models, with their locations.
    """
    references = _References(checks, located)
    for number, event in enumerate(audit_events):
        found = [(place, model) for place, model in located if model.name == event.model]
        if event.action and found:
            references.action(("audit_events", number, "action"), event.action, found[-1])
    for number, integration in enumerate(integrations):
        at = ("cloud_works", "integrations", number)
        if not checks.known(
            "workspace", integration.workspace, workspaces, (*at, "workspace"), _WORKSPACES
        ):
            continue
        start = ("workspaces", workspaces.index(integration.workspace), "models")
        models = {
            model.name: (place, model) for place, model in located if place[: len(start)] == start
        }
        if not checks.known("model", integration.model, models, (*at, "model"), start):
            continue
        model = models[integration.model]
        if integration.process:
            references.action((*at, "process"), integration.process, model)
        for position, job in enumerate(integration.jobs):
            references.job((*at, "jobs", position, "action"), job.action, model)


class _References:
    def __init__(
        self, checks: Checks, located: Sequence[tuple[Location, ModelDescription]]
    ) -> None:
        self._checks = checks
        self._located = located

    def action(self, at: Location, name: str, model: tuple[Location, ModelDescription]) -> bool:
        """Check that a model has an action."""
        place, described = self._original(model)
        names = [each.name for kind in ACTION_CLASSES for each in getattr(described, kind)]
        sought_in = [(*place, kind) for kind in ACTION_CLASSES]
        return self._checks.known("action", name, names, at, *sought_in)

    def job(self, at: Location, name: str, model: tuple[Location, ModelDescription]) -> None:
        """Check that a model has an import of a file, or an export."""
        if not self.action(at, name, model):
            return
        _, described = self._original(model)
        found = next((each for each in described.imports if each.name == name), None)
        is_export = any(each.name == name for each in described.exports)
        if not is_export and (not isinstance(found, ImportDefinition) or not found.file):
            self._checks.add(
                at,
                f"{name!r} is neither an import of a file nor an export",
                "Jobs of an integration transfer files: name another action.",
            )

    def _original(
        self, model: tuple[Location, ModelDescription]
    ) -> tuple[Location, ModelDescription]:
        """Return the model that a copy has its actions from, or the model itself."""
        name = model[1].copy_of
        originals = [each for each in self._located if each[1].name == name and not each[1].copy_of]
        return originals[-1] if name and originals else model
