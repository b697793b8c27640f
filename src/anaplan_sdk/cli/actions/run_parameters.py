"""What an import asks for each time it runs: `--map` and `--connector`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import typer

from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.options import assignment
from anaplan_sdk.cli.references import kind_of

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import ConnectorParameter, Import, MappingParameter, NamedObject

Map: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="[IMPORT/]DIM=VALUE",
        help="An item for a dimension that an import asks for; repeatable.",
    ),
]
Connector: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--connector",
        metavar="[SOURCE/]PROP=VALUE",
        help="A parameter of the import's connector; repeatable.",
    ),
]


class Assignment(NamedTuple):
    """A value as it stands on the command line: `[IMPORT/]DIM=VALUE`, or `[SOURCE/]PROP=VALUE`.

    Attributes:
        name: What is before the first `=`.
        value: What is after it.
    """

    name: str
    value: str


class RunParameters:
    """The values of `--map` and `--connector`.

    Args:
        mappings: The values of `--map`.
        connectors: The values of `--connector`.

    Raises:
        CommandError: One is not of the form that the options have.
    """

    def __init__(self, mappings: Sequence[str] | None, connectors: Sequence[str] | None) -> None:
        self._mappings = [_read("--map", "[IMPORT/]DIM=VALUE", each) for each in mappings or ()]
        self._connectors = [
            _read("--connector", "[SOURCE/]PROP=VALUE", each) for each in connectors or ()
        ]

    def resolve(
        self, client: Client, action_id: str
    ) -> tuple[list[MappingParameter], list[ConnectorParameter]]:
        """Find what the values belong to.

        Args:
            client: The client.
            action_id: The action that is run.

        Returns:
            The parameters for `client.run_action`.

        Raises:
            CommandError: The action is no import and no process, or it is not clear which import a
                value is for.
            AnaplanException: A listing could not be read.
        """
        if not self._mappings and not self._connectors:
            return [], []
        if kind_of(action_id) in ("exports", "actions"):
            raise usage_error(
                "--map and --connector are for imports and processes.", "Leave them out."
            )
        imports, is_process = _imports(client, action_id)
        mappings = [_mapping(each, imports, is_process=is_process) for each in self._mappings]
        return mappings, [_connector(client, each, imports) for each in self._connectors]


def _read(option: str, form: str, text: str) -> Assignment:
    found = Assignment(*assignment(option, form, text))
    if found.name.endswith("/"):
        raise usage_error(f"{option} takes {form}, not {text!r}.")
    return found


def _imports(client: Client, action_id: str) -> tuple[list[NamedObject], bool]:
    """Return the imports that run, and whether they are steps of a process."""
    from anaplan_sdk.models import NamedObject

    is_process = kind_of(action_id) == "processes"
    names: dict[str, str] = {}
    if is_process:
        for step in client.get_process(action_id).actions:
            if kind_of(str(step.id)) == "imports":
                names[str(step.id)] = step.name
    else:
        for each in client.get_imports():
            if str(each.id) == action_id:
                names[action_id] = each.name
    imports = [NamedObject(id=key, name=name, kind="import") for key, name in names.items()]
    return imports, is_process


def _mapping(
    given: Assignment, imports: Sequence[NamedObject], *, is_process: bool
) -> MappingParameter:
    from anaplan_sdk.models import MappingParameter

    # Names of imports and of dimensions may have slashes, too.
    for place, character in enumerate(given.name):
        if character == "/":
            left, dimension = given.name[:place], given.name[place + 1 :]
            named = [each for each in imports if left in (each.name, str(each.id))]
            if len(named) == 1 and dimension:
                import_id = str(named[0].id) if is_process else None
                return MappingParameter(
                    entity_type=dimension, entity_name=given.value, import_id=import_id
                )
    if not is_process:
        return MappingParameter(entity_type=given.name, entity_name=given.value)
    if len(imports) == 1 and "/" not in given.name:
        return MappingParameter(
            entity_type=given.name, entity_name=given.value, import_id=str(imports[0].id)
        )
    listed = ", ".join(f"{each.name!r} ({each.id})" for each in imports) or "none"
    raise usage_error(
        f"It is not clear which import of the process --map {given.name!r} is for.",
        f"Write --map IMPORT/DIM=VALUE. Its imports: {listed}.",
    )


def _connector(
    client: Client, given: Assignment, imports: Sequence[NamedObject]
) -> ConnectorParameter:
    from anaplan_sdk.models import ConnectorParameter

    source, sign, parameter = given.name.partition("/")
    if not sign:
        parameter = given.name
        wanted = {str(each.id) for each in imports}
        sources = {_source(each) for each in client.get_imports() if str(each.id) in wanted}
        source = sources.pop() if len(sources) == 1 else ""
    if not source:
        raise usage_error(
            f"It is not clear which source --connector {given.name!r} is for.",
            "Write --connector SOURCE/PROP=VALUE, with the id or the type of the import's source.",
        )
    return ConnectorParameter(source_id_or_type=source, parameter_id=parameter, value=given.value)


def _source(found: Import) -> str:
    """Return the id or the type of what an import reads; an empty text if it is not known."""
    extra: Mapping[str, Any] = found.model_extra or {}
    source: Mapping[str, Any] = extra.get("importDataSource") or {}
    return str(source.get("importDataSourceId") or source.get("type") or "")
