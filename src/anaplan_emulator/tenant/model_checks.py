"""Checks of a model's description: that names refer to something, and that ids are distinct."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol, TypeVar

from anaplan_emulator.tenant.action_definitions import (
    ACTION_CLASSES,
    ACTION_PREFIXES,
    LINE_ITEMS,
    DeleteDefinition,
    ExportDefinition,
    ListTarget,
    ModuleTarget,
    OptimizerDefinition,
)
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.list_description import ListDescription, check_list
from anaplan_emulator.tenant.model_description import (
    TIME,
    VERSIONS,
    ModelDescription,
    StructureDescription,
)
from anaplan_emulator.tenant.module_description import (
    ModuleDescription,
    check_module,
    check_writable,
)
from anaplan_emulator.tenant.problems import Checks, Location
from anaplan_emulator.tenant.revision_checks import check_revisions

_T = TypeVar("_T")
_CONTENT = ("lists", "modules", "dashboards", "files", *ACTION_CLASSES, "revisions")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def check_model(checks: Checks, location: Location, model: ModelDescription) -> None:
    """Check a model.

    Args:
        checks: Collects the mistakes.
        location: Where the model is described.
        model: The model.
    """
    _check_time_and_versions(checks, location, model)
    own = [name for name in _CONTENT if getattr(model, name)]
    if model.copy_of:
        for name in own:
            checks.add(
                (*location, name),
                f"{model.name} is a copy: it has no {name} of its own",
                f"Remove {name}, or copy_of.",
            )
        return
    _ModelChecks(checks, location, model).run()


def _check_time_and_versions(checks: Checks, location: Location, model: ModelDescription) -> None:
    # A stored description contains all defaults and must remain valid.
    fields = type(model).model_fields
    if model.calendar is not None:
        for name in ("first_month", "months"):
            if getattr(model, name) != fields[name].default:
                checks.add(
                    (*location, name),
                    f"{model.name}: {name} can't be given with a calendar",
                    f"Remove {name}, or calendar.",
                )
    place = (*location, "versions")
    for flag in ("current", "actual"):
        flagged = [
            n
            for n, each in enumerate(model.versions)
            if not isinstance(each, str) and getattr(each, flag)
        ]
        for number in flagged[1:]:
            checks.add(
                (*place, number, flag),
                f"{model.name}: only one version can be {flag}",
                f"Version {model.described_versions[flagged[0]].name!r} is {flag} already.",
            )
    checks.distinct("version", _names(place, model.described_versions))
    checks.distinct_ids("version", _ids(place, model.described_versions))


class _ModelChecks:
    """Checks of one model.

    Args:
        checks: Collects the mistakes.
        location: Where the model is described.
        model: The model.
    """

    def __init__(self, checks: Checks, location: Location, model: ModelDescription) -> None:
        self._checks = checks
        self._at = location
        self._model = model
        self._lists = {each.name: (n, each) for n, each in enumerate(model.lists)}
        self._modules = {each.name: (n, each) for n, each in enumerate(model.modules)}

    def run(self) -> None:
        """Run all checks."""
        model, checks = self._model, self._checks
        in_lists = ((*self._at, "lists"),)
        self._check_names_and_ids()
        for number, each in enumerate(model.lists):
            check_list(checks, (*self._at, "lists", number), each, self._lists, in_lists)
        self._check_parents()
        dimensions = [*self._lists, TIME, VERSIONS]
        for number, module in enumerate(model.modules):
            place = (*self._at, "modules", number)
            check_module(checks, place, module, self._lists, dimensions, in_lists)
        self._check_files()
        self._check_imports()
        for number, export in enumerate(model.exports):
            self._check_export((*self._at, "exports", number), export)
        for number, deletion in enumerate(model.deletions):
            self._check_deletion((*self._at, "deletions", number), deletion)
        for number, optimizer in enumerate(model.optimizers):
            self._check_optimizer((*self._at, "optimizers", number), optimizer)
        self._check_processes()
        check_revisions(checks, self._at, model)

    def _check_names_and_ids(self) -> None:
        model, checks = self._model, self._checks
        for kind, member in (
            ("list", "lists"),
            ("module", "modules"),
            ("file", "files"),
            ("revision", "revisions"),
        ):
            checks.distinct(kind, _names((*self._at, member), getattr(model, member)))
        actions = [_names((*self._at, each), getattr(model, each)) for each in ACTION_CLASSES]
        checks.distinct("action", chain.from_iterable(actions))
        checks.distinct_ids("object in a model", self._described_ids())
        self._check_prefixes()

    def _described_ids(self) -> Iterator[tuple[str, Location]]:
        """Yield the ids of all objects, with their locations, also of what revisions add."""
        model = self._model
        structures: list[tuple[Location, ModelDescription | StructureDescription]] = [
            (self._at, model)
        ]
        for number, revision in enumerate(model.revisions):
            structures.append(((*self._at, "revisions", number, "structure"), revision.structure))
        lists, modules = set[str](), set[str]()
        for at, structure in structures:
            for number, each in enumerate(structure.lists):
                place = (*at, "lists", number)
                if each.name not in lists:
                    yield each.id, (*place, "id")
                lists.add(each.name)
                yield from _ids((*place, "subsets"), each.described_subsets)
            for number, module in enumerate(structure.modules):
                place = (*at, "modules", number)
                if module.name not in modules:
                    yield module.id, (*place, "id")
                modules.add(module.name)
                yield from _ids((*place, "line_items"), module.line_items)
                yield from _ids((*place, "views"), module.views)
        yield from _ids((*self._at, "dashboards"), model.described_dashboards)
        for member in ("files", *ACTION_CLASSES, "revisions"):
            yield from _ids((*self._at, member), getattr(model, member))

    def _check_prefixes(self) -> None:
        """Check the first digits of the ids of actions, by which clients know their kinds."""
        hint = "Change the id, or remove it."
        for member, action_class in ACTION_CLASSES.items():
            prefix = ACTION_PREFIXES[action_class.model_fields["kind"].default]
            for number, action in enumerate(getattr(self._model, member)):
                if action.id and not action.id.startswith(prefix):
                    message = f"ids of {member.replace('_', ' ')} begin with {prefix}"
                    self._checks.add((*self._at, member, number, "id"), message, hint)
        prefix = ACTION_PREFIXES["export"]
        for number, file in enumerate(self._model.files):
            if file.id.startswith(prefix):
                message = f"only ids of exports begin with {prefix}"
                self._checks.add((*self._at, "files", number, "id"), message, hint)

    def _check_parents(self) -> None:
        """Check that no list is above itself."""
        for number, each in enumerate(self._model.lists):
            above, parent = {each.name}, each.parent
            while parent in self._lists and parent not in above:
                above.add(parent)
                parent = self._lists[parent][1].parent
            if parent == each.name:
                self._checks.add(
                    (*self._at, "lists", number, "parent"),
                    f"list {each.name!r} is above itself",
                    "Remove the parent of one of these lists.",
                )

    def _check_files(self) -> None:
        for number, file in enumerate(self._model.files):
            if file.default is not None and file.default_file:
                self._checks.add(
                    (*self._at, "files", number, "default_file"),
                    "a file has default or default_file, but not both",
                    "Remove one of them.",
                )

    def _check_imports(self) -> None:
        in_files = (*self._at, "files")
        files = [file.name for file in self._model.files]
        for number, action in enumerate(self._model.imports):
            at = (*self._at, "imports", number)
            if action.file:
                self._checks.known("file", action.file, files, (*at, "file"), in_files)
            if isinstance(action.target, ListTarget):
                self._check_list_import((*at, "target"), action.target)
            elif action.target is not None:
                self._check_module_import((*at, "target"), action.target)

    def _check_list_import(self, at: Location, target: ListTarget) -> None:
        found = self._list(target.list, (*at, "list"))
        if found is None:
            return
        place, into = found
        properties = [each.name for each in into.properties]
        for name in target.properties:
            self._checks.known(
                "property", name, properties, (*at, "properties", name), (*place, "properties")
            )
        if target.parent is not None and not into.parent:
            self._checks.add(
                (*at, "parent"),
                f"{into.name} has no parent list",
                f"Remove parent here, or give list {into.name!r} a parent.",
            )
        if into.numbered and (target.name is not None or target.identified_by != "code"):
            self._checks.add(
                (*at, "name" if target.name is not None else "code"),
                f"{into.name} is numbered: its items are identified by code",
                "Map code, and the display name as one of the properties.",
            )

    def _check_module_import(self, at: Location, target: ModuleTarget) -> None:
        found = self._module(target.module, (*at, "module"))
        if found is None:
            return
        place, into = found
        if set(target.dimensions) != set(into.dimensions):
            missing = [each for each in into.dimensions if each not in target.dimensions]
            extra = [each for each in target.dimensions if each not in into.dimensions]
            hints = [f"Add {', '.join(map(repr, missing))}."] if missing else []
            hints += [f"Remove {', '.join(map(repr, extra))}."] if extra else []
            self._checks.add(
                (*at, "dimensions"),
                f"an import into {into.name} must map {', '.join(into.dimensions)}",
                " ".join(hints),
            )
        for name in target.line_items:
            line_items = (*place, "line_items")
            check_writable(self._checks, (*at, "line_items", name), name, into, line_items)

    def _check_export(self, at: Location, export: ExportDefinition) -> None:
        found = self._module(export.module, (*at, "module")) if export.module else None
        if found is None:
            return
        _, module = found
        axes = [*export.rows, *export.columns, *export.pages]
        if export.is_grid and sorted(axes) != sorted([*module.dimensions, LINE_ITEMS]):
            self._checks.add(
                at,
                f"{export.name}: each dimension of {module.name} must be on exactly one axis",
                f"They are {', '.join(map(repr, [*module.dimensions, LINE_ITEMS]))}.",
            )

    def _check_deletion(self, at: Location, deletion: DeleteDefinition) -> None:
        list_found = self._list(deletion.list, (*at, "list"))
        found = self._module(deletion.module, (*at, "module"))
        if found is None or list_found is None:
            return
        place, module = found
        filters = [item for item in module.line_items if item.name == deletion.line_item]
        by_list_alone = module.dimensions == (deletion.list,)
        if not by_list_alone or not filters or filters[0].format is not DataType.BOOLEAN:
            booleans = [each.name for each in module.line_items if each.format is DataType.BOOLEAN]
            usable = f"Choose one of {', '.join(map(repr, booleans))}." if booleans else ""
            self._checks.doubt(
                (*at, "line_item" if by_list_alone else "module"),
                f"{deletion.name} needs a boolean line item of a module whose only dimension is"
                f" {deletion.list}",
                (*place, "line_items"),
                hint=usable if by_list_alone else "",
            )

    def _check_optimizer(self, at: Location, optimizer: OptimizerDefinition) -> None:
        found = self._module(optimizer.module, (*at, "module"))
        if found is None:
            return
        place, module = found
        writable = {item.name: item.format for item in module.line_items if not item.formula}
        for kind, data_type, member, name in (
            ("number", DataType.NUMBER, "objective", optimizer.objective),
            ("boolean", DataType.BOOLEAN, "choice", optimizer.choice),
        ):
            self._checks.known(
                f"writable {kind} line item of {module.name}",
                name,
                [each for each, found_type in writable.items() if found_type is data_type],
                (*at, member),
                (*place, "line_items"),
            )

    def _check_processes(self) -> None:
        members = [member for member in ACTION_CLASSES if member != "processes"]
        steps = [each.name for member in members for each in getattr(self._model, member)]
        sought_in = [(*self._at, member) for member in members]
        for number, process in enumerate(self._model.processes):
            for position, step in enumerate(process.actions):
                place = (*self._at, "processes", number, "actions", position)
                self._checks.known("action", step, steps, place, *sought_in)

    def _list(self, name: str, at: Location) -> tuple[Location, ListDescription] | None:
        return self._found("lists", self._lists, name, at)

    def _module(self, name: str, at: Location) -> tuple[Location, ModuleDescription] | None:
        return self._found("modules", self._modules, name, at)

    def _found(
        self, member: str, objects: Mapping[str, tuple[int, _T]], name: str, at: Location
    ) -> tuple[Location, _T] | None:
        """Find an object by name, and add a mistake if it does not exist."""
        place = (*self._at, member)
        if not self._checks.known(member.removesuffix("s"), name, objects, at, place):
            return None
        number, found = objects[name]
        return (*place, number), found


def _names(place: Location, objects: Sequence[_Named]) -> Iterator[tuple[str, Location]]:
    """Yield the names of objects, with their locations."""
    for number, each in enumerate(objects):
        yield each.name, (*place, number, "name")


def _ids(place: Location, objects: Sequence[_Identified]) -> Iterator[tuple[str, Location]]:
    """Yield the ids of objects, with their locations."""
    for number, each in enumerate(objects):
        yield each.id, (*place, number, "id")
