"""Capturing a model: `capture_model` is the entry for commands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError
from anaplan_sdk.cli.tenant.capturing.action_capture import ActionCapture
from anaplan_sdk.cli.tenant.capturing.calendar_members import (
    calendar_member,
    number_of_periods,
    version_members,
)
from anaplan_sdk.cli.tenant.capturing.capture_state import CaptureState, finish_marker
from anaplan_sdk.cli.tenant.capturing.export_guesses import ExportGuesses
from anaplan_sdk.cli.tenant.capturing.import_guesses import ImportGuesses
from anaplan_sdk.cli.tenant.capturing.item_names import NameReplacer, without_addresses
from anaplan_sdk.cli.tenant.capturing.list_items import ItemWriter
from anaplan_sdk.cli.tenant.capturing.model_reader import ModelReader
from anaplan_sdk.cli.tenant.capturing.module_cells import CellWriter
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions, CaptureReport, Note
from anaplan_sdk.cli.tenant.capturing.people import People
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms, load_pseudonyms
from anaplan_sdk.cli.tenant.capturing.report_files import write_report
from anaplan_sdk.cli.tenant.capturing.structure import (
    LINE_ITEMS,
    TIME,
    VERSIONS,
    LineItemStructure,
    ListStructure,
    ModuleStructure,
    Structure,
)
from anaplan_sdk.cli.tenant.capturing.tenant_writer import require_format, write_tenant

if TYPE_CHECKING:
    from anaplan_sdk import Client

_STATES = (
    *("UNLOCKED", "PRODUCTION", "ARCHIVED", "LOCKED", "MAINTENANCE", "PRODUCTION_MAINTENANCE"),
)
_MOST_REVISION_NAME, _MOST_REVISION_TEXT = 60, 250
_ID_DIGITS, _MOST_PLACES = 32, 15


def capture_model(
    client: Client,
    workspace_id: str,
    model_id: str,
    folder: Path,
    options: CaptureOptions | None = None,
) -> CaptureReport:
    """Read a model, and write a tenant file for the emulator.

    Only reads are sent. What was read stays when this is interrupted, and the same call continues.

    Args:
        client: A client of any model.
        workspace_id: The workspace of the model; "" to ask Anaplan.
        model_id: The model.
        folder: Where `tenant.yaml` or `tenant.json`, the report and the data are written.
        options: What is captured, and how.

    Returns:
        The report.

    Raises:
        CommandError: The folder has another capture, a library is missing, or the user may read
            neither lists nor modules.
        AnaplanException: The model cannot be read.
    """
    options = options or CaptureOptions()
    require_format(options.file_format)
    pseudonyms = load_pseudonyms() if options.anonymise else None
    model = client.get_model(model_id)
    workspace_id = workspace_id or model.workspace_id
    arguments = {
        "model": model_id,
        "workspace": workspace_id,
        "data": options.data,
        "anonymise": options.anonymise,
        "sample_items": options.sample_items if options.data == "sample" else None,
        "format": options.file_format,
    }
    report = CaptureReport(folder, folder / f"tenant.{options.file_format}")
    with CaptureState(folder, arguments) as state:
        _require_same_secret(state, pseudonyms)
        own = client.with_model(model_id, workspace_id)
        reader = ModelReader(own, state, report, options.show)
        capture = _Capture(reader, options, pseudonyms, workspace_id, model_id)
        tenant = capture.tenant()
        capture.replace_names_in_report()
        write_report(report, options)
        write_tenant(report.tenant_file, tenant, options.file_format)
        finish_marker(folder, report)
        state.delete()
    return report


def _require_same_secret(state: CaptureState, pseudonyms: Pseudonyms | None) -> None:
    """Start again what was written with another secret: its pseudonyms would be others."""
    if pseudonyms is None:
        return
    check = hashlib.sha256(pseudonyms.identifier("check").encode()).hexdigest()
    if state.keep("secret", lambda: check) != check:
        state.clear()
        state.store("secret", check)


@dataclass
class _Capture:
    """One run of a capture."""

    reader: ModelReader
    options: CaptureOptions
    pseudonyms: Pseudonyms | None
    workspace_id: str
    model_id: str
    _structure: Structure = field(init=False)
    _items: ItemWriter = field(init=False)
    _names: NameReplacer = field(init=False)
    _versions: list[dict[str, Any]] = field(init=False)
    _has_calendar: bool = field(init=False)

    @property
    def _report(self) -> CaptureReport:
        return self.reader.report

    @property
    def _folder(self) -> Path:
        return self._report.folder / "data"

    def tenant(self) -> dict[str, Any]:
        """Read everything.

        Returns:
            What the tenant file has.
        """
        client = self.reader.client
        self._folder.mkdir(exist_ok=True)
        shown = self.reader.one("model", client.tr.get_model_details) or {}
        workspace = self.reader.one(
            "workspace", partial(client.get_workspace, self.workspace_id)
        ) or {"name": shown.get("workspace_name")}
        self._structure = Structure(self.reader)
        self._structure.read_lists()
        self._items = ItemWriter(self._structure, self.reader, self.options, self.pseudonyms)
        self._items.read()
        self._structure.read_modules()
        self._require_access()
        calendar = self._calendar()
        self._has_calendar = bool(calendar)
        versions = self.reader.several("versions", client.tr.get_versions)
        self._versions = version_members(versions)
        if self.pseudonyms is not None:
            for each in self._versions:
                each.pop("notes", None)
        self._names = NameReplacer(
            self.reader.state, self.pseudonyms, self._structure_names(), self._structure.lists
        )
        workspace_name = self._plain(workspace.get("name") or "Workspace")
        people = People(self.reader, self.pseudonyms, self.workspace_id, workspace_name)
        users, roles, guesses, addresses = people.members()
        model = self._model(shown, calendar, addresses)
        model |= {"roles": roles} if roles else {}
        model["confirm"] = [self._report.guess("users", each) for each in guesses]
        described: dict[str, Any] = {
            "name": workspace_name,
            "id": self.workspace_id,
            "models": [model],
        }
        if workspace.get("size_allowance"):
            described["size_allowance"] = workspace["size_allowance"]
        if workspace.get("active") is False:
            described["active"] = False
        return {
            "name": f"Capture of {model['name']}",
            **self._customer(),
            "default_user": users[0]["email"],
            "default_workspace": workspace_name,
            "default_model": model["name"],
            "users": users,
            "workspaces": [described],
        }

    def _require_access(self) -> None:
        """Refuse to write an empty capture of a model that the user may not read."""
        state = self.reader.state
        read: list[dict[str, Any]] = [state.value(each) or {} for each in ("lists", "modules")]
        problems = [each.get("problem") for each in read]
        if all(problems):
            state.clear()  # Another user may continue.
            raise CommandError(ExitCode.FAILED, f"The model can't be read: {problems[0]}")

    def replace_names_in_report(self) -> None:
        """Replace items and people in what the report calls objects."""
        for notes in (self._report.skipped, self._report.guessed):
            notes[:] = [
                Note(self._names.in_name(each.place), self._plain(each.text)) for each in notes
            ]

    def _plain(self, text: str) -> str:
        return without_addresses(text, self.pseudonyms)

    def _customer(self) -> dict[str, Any]:
        me = self.reader.one("current user", self.reader.client.audit.get_user) or {}
        identifier = str(me.get("customerId") or me.get("customer_id") or "")
        if len(identifier) != _ID_DIGITS:
            return {}
        if self.pseudonyms is not None:
            identifier = self.pseudonyms.identifier(identifier)
        return {"customer_id": identifier}

    def _structure_names(self) -> set[str]:
        lists, modules = self._structure.lists.values(), self._structure.modules.values()
        names = {TIME, VERSIONS, LINE_ITEMS, *(each["name"] for each in self._versions)}
        for each in lists:
            names |= {each.name, *each.subsets, *(one.name for one in each.properties)}
        for module in modules:
            names |= {module.name, *(one.name for one in module.line_items)}
        return names

    def _calendar(self) -> dict[str, Any]:
        tr = self.reader.client.tr
        shown = self.reader.one("calendar", tr.get_model_calendar)
        period = self.reader.one("current period", tr.get_current_period) or {}
        member = calendar_member(shown or {}, period)
        if shown is not None and not member:
            text = "left out: Anaplan does not show its type or when it starts"
            self._report.skip("calendar", text)
        return member

    def _model(
        self, shown: Mapping[str, Any], calendar: dict[str, Any], addresses: Mapping[str, str]
    ) -> dict[str, Any]:
        state = str(shown.get("active_state") or "UNLOCKED")
        if state not in _STATES:
            self._report.skip("model", f"its state {state} is UNLOCKED in the emulator")
            state = "UNLOCKED"
        model: dict[str, Any] = {
            "name": self._plain(str(shown.get("name") or "Model")),
            "id": self.model_id,
            "active_state": state,
        }
        categories: list[dict[str, Any]] = shown.get("category_values") or []
        if self.pseudonyms is None and categories:
            model["categories"] = [
                {"attribute": each["attribute"] or "", "name": each["category_name"] or ""}
                for each in categories
            ]
        elif categories:
            self._report.skip("model", "its categories are left out, as everything is anonymous")
        model |= {"calendar": calendar} if calendar else {}
        model |= {"versions": self._versions} if self._versions else {}
        # The cells of a sample refer to items that were not selected before.
        if self.options.data == "sample":
            self._items.select()
        actions = self._actions(calendar)
        modules = [self._module(each) for each in self._structure.modules.values()]
        lists = [self._list(each) for each in self._structure.lists.values()]
        model |= {"lists": lists} if lists else {}
        model |= {"modules": modules} if modules else {}
        dashboards = self.reader.several("dashboards", self.reader.client.tr.get_dashboards)
        if dashboards:
            self._report.count("dashboards", len(dashboards))
            model["dashboards"] = [
                {"id": str(each["id"]), "name": self._names.in_name(each["name"])}
                for each in dashboards
            ]
        model |= without_addresses(actions, self.pseudonyms)
        model |= self._revisions(addresses)
        return model

    def _actions(self, calendar: Mapping[str, Any]) -> dict[str, Any]:
        sizes = {
            name: self.reader.state.count(name, selected=False) for name in self._structure.lists
        }
        sizes |= {TIME: number_of_periods(calendar), VERSIONS: len(self._versions)}
        versions = {each["name"] for each in self._versions}
        guesses = ImportGuesses(self._structure, self._items)
        capture = ActionCapture(
            self.reader,
            self._structure,
            guesses,
            ExportGuesses(self._structure, sizes, versions),
            self._names,
            self.options,
            self.pseudonyms,
            self._folder,
        )
        members = capture.members()
        self._guess_lists(guesses)
        return members

    def _guess_lists(self, guesses: ImportGuesses) -> None:
        """Guess the lists of properties without values, from the columns of imports."""
        for of in self._structure.lists.values():
            for each in of.properties:
                if each.data_format != "LIST" or each.list:
                    continue
                if name := guesses.list_of_column(each.name):
                    reason = "an import has its items in a column of that name"
                    self._items.set_list(of, each, name, reason)
                    continue
                where = f"list {of.name}, property {each.name}"
                self._report.skip(where, "Anaplan does not show its list: it is a text")
                each.data_format = "TEXT"

    def _list(self, of: ListStructure) -> dict[str, Any]:
        described: dict[str, Any] = {"id": of.id, "name": self._plain(of.name)}
        described |= {"numbered": True} if of.is_numbered else {}
        described |= {"production_data": True} if of.metadata["production_data"] else {}
        described |= {"parent": self._plain(of.parent)} if of.parent else {}
        if of.properties:
            described["properties"] = [
                {
                    "name": self._plain(each.name),
                    "format": each.data_format,
                    **({"list": self._plain(each.list)} if each.list else {}),
                    **({"display_name": True} if each.is_display_name else {}),
                }
                for each in of.properties
            ]
        if of.subsets:
            described["subsets"] = [
                {"name": self._plain(each["name"]), "id": str(each["id"])}
                for each in of.metadata["subsets"]
            ]
        if of.top_level_item:
            described["top_level_item"] = self._items.shown(of.top_level_item)
        if of.metadata["category"]:
            described["category"] = self._names.in_name(of.metadata["category"])
        if of.confirm:
            described["confirm"] = without_addresses(of.confirm, self.pseudonyms)
        if self.options.data != "none":
            described |= self._items.write(of, self._folder / f"items-{of.id}.csv")
        return described

    def _module(self, of: ModuleStructure) -> dict[str, Any]:
        described: dict[str, Any] = {
            "id": of.id,
            "name": self._plain(of.name),
            "dimensions": [self._plain(each) for each in of.dimensions],
            "line_items": [self._line_item(each) for each in of.line_items],
        }
        confirm = list(of.confirm)
        views: list[dict[str, Any]] = []
        if of.views:
            described["views"] = views
            for view in of.views:
                name = self._names.in_name(view["name"])
                confirm = [
                    each.replace(f"view {view['name']}:", f"view {name}:") for each in confirm
                ]
                views.append(without_addresses({**view, "name": name}, self.pseudonyms))
        if confirm:
            described["confirm"] = without_addresses(confirm, self.pseudonyms)
        if self.options.data != "none":
            cells = CellWriter(
                self._items, {each["name"] for each in self._versions}, self._has_calendar
            )
            described |= cells.write(of, self._folder / f"cells-{of.id}.csv")
        return described

    def _line_item(self, item: LineItemStructure) -> dict[str, Any]:
        shown = item.shown
        described: dict[str, Any] = {
            "id": str(shown["id"]),
            "name": self._plain(item.name),
            "format": item.data_format,
        }
        described |= {"list": self._plain(item.list)} if item.list else {}
        if item.formula:
            described["formula"] = self._names.in_formula(item.formula)
            described |= {} if item.is_calculated else {"stored": True}
        if shown["notes"] and self.pseudonyms is None:
            described["notes"] = shown["notes"]
        if shown["code"]:
            described["code"] = self._names.in_name(shown["code"])
        default = "Sum" if item.data_format == "NUMBER" else "None"
        if shown["summary"] and shown["summary"] != default:
            described["summary"] = shown["summary"]
        if shown["style"] and shown["style"] != "Normal":
            described["style"] = shown["style"]
        places = shown["format_metadata"].get("decimal_places")
        if places is not None and 0 <= places <= _MOST_PLACES:
            described["decimal_places"] = places
        return described | ({"start_of_section": True} if shown["start_of_section"] else {})

    def _revisions(self, addresses: Mapping[str, str]) -> dict[str, Any]:
        shown = self.reader.several("revisions", self.reader.client.alm.get_revisions)
        revisions: list[dict[str, Any]] = []
        for each in reversed(shown):
            name = self._names.in_name(each["name"])[:_MOST_REVISION_NAME] or each["id"]
            revision: dict[str, Any] = {"id": each["id"], "name": name}
            if each["description"] and self.pseudonyms is None:
                revision["description"] = each["description"][:_MOST_REVISION_TEXT]
            if author := addresses.get(each["created_by"]):
                revision["author"] = author
            revisions.append(revision)
        self._report.count("revisions", len(revisions))
        return {"revisions": revisions} if revisions else {}
