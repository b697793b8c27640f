"""The parts of a model that is being built, checked after each addition."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from anaplan_emulator.tenant.data_types import DataType, parser
from anaplan_emulator.tenant.list_description import FieldDescription, Scalar
from anaplan_emulator.tenant.model_description import TIME, VERSIONS, ModelDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_description import TenantDescription

_ONLY_MODEL = "workspaces[0].models[0]."
"""The place of the members of the model in a tenant that has no other one."""

_D = TypeVar("_D", bound=BaseModel)


def describe(what: str, kind: type[_D], members: Mapping[str, object]) -> _D:
    """Create a description.

    Args:
        what: What is described, for the message of an error.
        kind: The class of the description.
        members: Its members.

    Returns:
        The description.

    Raises:
        TenantError: The description contradicts itself.
    """
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        raise TenantError(f"{what}: {'; '.join(_messages(error))}") from error


def _messages(error: ValidationError) -> Iterable[str]:
    for detail in error.errors(include_url=False, include_input=False):
        place = ".".join(str(step) for step in detail["loc"])
        message = detail["msg"].removeprefix("Value error, ").replace(_ONLY_MODEL, "")
        yield f"{place}: {message}" if place else message


def _tenant_of(model: ModelDescription) -> dict[str, object]:
    """Return the members of a tenant with this model alone, to check the model."""
    return {
        "name": "Tenant",
        "users": [
            {"email": email, "password": "-", "first_name": "-", "last_name": "-"}
            for email in model.roles or ["nobody@company.example"]
        ],
        "workspaces": ({"name": "Workspace", "models": (model,)},),
    }


class ModelParts:
    """The description of a model so far, without the items of lists and the cells of modules.

    Args:
        description: The model without any content.
    """

    def __init__(self, description: ModelDescription) -> None:
        self.description = description
        self.items: dict[str, set[str]] = {
            TIME: {period.text for period in description.time.timescale.periods()},
            VERSIONS: {version.name for version in description.described_versions},
        }
        """Names and codes of the items of each list."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.description.name

    def next_id(self, prefix: int, *members: str) -> str:
        """Return the first free id with a prefix, as the emulator derives it.

        Args:
            prefix: The first three digits.
            *members: Members of the description whose ids have the prefix.

        Returns:
            The id.
        """
        used = {part.id for member in members for part in getattr(self.description, member)}
        number = len(used)
        while f"{prefix}{number:09}" in used:
            number += 1
        return f"{prefix}{number:09}"

    def add(self, member: str, part: BaseModel) -> None:
        """Add a part, unless the model would contradict itself.

        Args:
            member: Member of the model's description.
            part: The part.

        Raises:
            TenantError: The model would contradict itself.
        """
        self.change({member: (*getattr(self.description, member), part)})

    def replace(self, member: str, old: BaseModel, new: BaseModel) -> None:
        """Replace a part by another one, unless the model would contradict itself.

        Args:
            member: Member of the model's description.
            old: The part to replace.
            new: The part that takes its place.

        Raises:
            TenantError: The model would contradict itself.
        """
        parts = getattr(self.description, member)
        self.change({member: tuple(new if each is old else each for each in parts)})

    def change(self, members: Mapping[str, object]) -> None:
        """Change members of the model, unless it would contradict itself.

        Args:
            members: Values by the name of the member.

        Raises:
            TenantError: The model would contradict itself.
        """
        given = {
            name: getattr(self.description, name) for name in self.description.model_fields_set
        }
        what = f"model {self.name}"
        changed = describe(what, ModelDescription, {**given, **members})
        describe(what, TenantDescription, _tenant_of(changed))
        self.description = changed

    def require_item(self, list_name: str, item: str) -> None:
        """Check that a list has an item with a name or code.

        Args:
            list_name: Name of the list, or of the dimension.
            item: The name or code.

        Raises:
            TenantError: It has none.
        """
        if item not in self.items[list_name]:
            raise TenantError(
                f"{list_name} has no item with the name or code {item!r}: add it first"
            )

    def check_value(self, field: FieldDescription, value: Scalar) -> None:
        """Check that a value is one of a field.

        Args:
            field: The property or line item.
            value: The value.

        Raises:
            TenantError: It has the wrong type, or is not an item of the field's list.
        """
        if field.format is DataType.LIST:
            self.require_item(field.list, str(value))
            return
        try:
            parser(field.format)(str(value))
        except ValueError as error:
            raise TenantError(
                f"{field.name}: {value!r} is not a value of the format {field.format}"
            ) from error
