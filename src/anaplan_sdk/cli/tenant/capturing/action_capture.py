"""Files and actions of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from anaplan_sdk.cli.tenant.capturing.export_guesses import LAYOUTS, ExportGuesses
from anaplan_sdk.cli.tenant.capturing.file_contents import FileContents
from anaplan_sdk.cli.tenant.capturing.import_guesses import (
    Guess,
    ImportGuesses,
    SourceFile,
    read_source,
)
from anaplan_sdk.cli.tenant.capturing.item_names import NameReplacer
from anaplan_sdk.cli.tenant.capturing.model_reader import ModelReader
from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions, CaptureReport
from anaplan_sdk.cli.tenant.capturing.pseudonyms import Pseudonyms
from anaplan_sdk.cli.tenant.capturing.structure import Structure

_FILES = "113"
_TARGETS = ("HIERARCHY_DATA", "MODULE_DATA")
_ENCODINGS = ("UTF-8", "ISO-8859-1", "UTF-16LE")
_SEPARATORS = (",", "\t", ";", "|")
_FORMATS = ("text/csv", "text/plain")


@dataclass
class ActionCapture:
    """Captures files and actions.

    Attributes:
        reader: Reads them.
        structure: The lists and modules.
        imports: Guesses what imports do.
        exports: Guesses what exports show.
        names: Replaces items and people in names.
        options: What is captured.
        pseudonyms: What replaces values; None if nothing is replaced.
        folder: The folder for contents of files.
    """

    reader: ModelReader
    structure: Structure
    imports: ImportGuesses
    exports: ExportGuesses
    names: NameReplacer
    options: CaptureOptions
    pseudonyms: Pseudonyms | None
    folder: Path
    _contents: FileContents = field(init=False)
    _sources: dict[str, SourceFile] = field(default_factory=dict[str, SourceFile])
    _shown_files: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _names: dict[str, str] = field(default_factory=dict[str, str])
    _taken: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        """Prepare the capture of contents."""
        self._contents = FileContents(
            self.reader, self.structure, self.names, self.options, self.pseudonyms, self.folder
        )

    @property
    def _report(self) -> CaptureReport:
        return self.reader.report

    def members(self) -> dict[str, Any]:
        """Return the files and actions as the model in the tenant file has them.

        Returns:
            The members of the model.
        """
        client = self.reader.client
        shown = {str(each["id"]): each for each in self.reader.several("files", client.get_files)}
        self._shown_files = {key: each for key, each in shown.items() if key.startswith(_FILES)}
        sources = self._import_sources()
        self._sources = {
            identifier: self._source(identifier, sources.get(identifier) or {})
            for identifier in self._shown_files
        }
        imports = self._imports()
        exports = self._exports()
        deletions, others = self._other_actions()
        files = [self._file(key, sources.get(key) or {}, imports) for key in self._shown_files]
        for each in imports:
            self._replace_columns(each)
            for text in each.get("confirm", ()):
                self._report.guess(f"import {each['name']}", text)
        processes = self._processes()
        members = {
            "files": files,
            "imports": imports,
            "exports": exports,
            "deletions": deletions,
            "other_actions": others,
            "processes": processes,
        }
        for kind, several in members.items():
            self._report.count(kind.replace("_", " "), len(several))
        return {kind: several for kind, several in members.items() if several}

    def _name(self, identifier: str, text: str) -> str:
        """Return the name of an action, which no other action may have."""
        name = self.names.in_name(text)
        unique, number = name, 1
        while unique in self._taken:
            number += 1
            unique = f"{name} ({number})"
        if unique != name:
            self._report.skip(
                f"action {name}", f"it is called {unique!r}: another action has its name"
            )
        self._taken.add(unique)
        self._names[identifier] = unique
        return unique

    def _shown_imports(self) -> list[dict[str, Any]]:
        return self.reader.several("imports", self.reader.client.get_imports)

    def _import_sources(self) -> dict[str, dict[str, Any]]:
        """Return how files are read, by their ids, as the imports show it."""
        sources: dict[str, dict[str, Any]] = {}
        for each in self._shown_imports():
            identifier = str(each["id"])
            metadata = self.reader.one(
                f"import {each['name']}",
                partial(self.reader.client.get_import, identifier),
                identifier,
            )
            if metadata is not None and metadata["source"] and each["file_id"] is not None:
                sources.setdefault(str(each["file_id"]), metadata["source"])
        return sources

    def _source(self, identifier: str, shown: Mapping[str, Any]) -> SourceFile:
        file = self._shown_files[identifier]
        start = b""
        if file["chunk_count"]:
            start = self.reader.start_of_file(identifier, file["name"])
        return read_source(file["name"], shown.get("header_names") or [], start, file)

    def _file(
        self, identifier: str, source: Mapping[str, Any], imports: list[dict[str, Any]]
    ) -> dict[str, Any]:
        shown = self._shown_files[identifier]
        name = str(shown["name"])
        place = f"file {name}"
        described: dict[str, Any] = {"id": identifier, "name": self.names.in_name(name)}
        for member, allowed in (
            ("encoding", _ENCODINGS),
            ("separator", _SEPARATORS),
            ("delimiter", ('"', "'", "")),
        ):
            if shown[member] in allowed:
                described[member] = shown[member]
            elif shown[member]:
                self._report.skip(place, f"the emulator does not read {member} {shown[member]!r}")
        if shown["header_row"] >= 0 and shown["first_data_row"] >= 1:
            described["header_row"] = shown["header_row"]
            described["first_data_row"] = shown["first_data_row"]
        if source.get("decimal_separator") in (".", ","):
            described["decimal_separator"] = source["decimal_separator"]
        if source.get("header_names"):
            described["columns"] = [self.names.in_name(each) for each in source["header_names"]]
        if shown["chunk_count"]:
            described |= self._contents.members(shown, described, imports)
        return described

    def _imports(self) -> list[dict[str, Any]]:
        # Imports into lists come first: the keys of lists are needed for those into modules.
        shown = self._shown_imports()
        guesses: dict[str, Guess] = {}
        for kind in _TARGETS:
            for each in shown:
                source = self._sources.get(str(each["file_id"]))
                if each["type"] == kind and source is not None:
                    guess = (
                        self.imports.into_list if kind == _TARGETS[0] else self.imports.into_module
                    )
                    guesses[str(each["id"])] = guess(str(each["name"]), source)
        return [self._import(each, guesses.get(str(each["id"]))) for each in shown]

    def _import(self, shown: Mapping[str, Any], guess: Guess | None) -> dict[str, Any]:
        identifier, name = str(shown["id"]), str(shown["name"])
        place = f"import {name}"
        described: dict[str, Any] = {"id": identifier, "name": self._name(identifier, name)}
        source = self._sources.get(str(shown["file_id"]))
        if source is not None:
            described["file"] = self.names.in_name(source.name)
        if shown["type"] in _TARGETS:
            described["type"] = shown["type"]
        else:
            self._report.skip(place, f"the emulator runs no imports of the type {shown['type']}")
        if source is None:
            self._report.skip(place, "its source is not a file: it fails when it is run")
        elif guess is not None:
            if guess.target is not None:
                described["target"] = guess.target
            described["confirm"] = list(guess.confirm)
        return described

    def _replace_columns(self, described: dict[str, Any]) -> None:
        """Replace columns that are called as an item is, in an import's target and its notes."""
        target: dict[str, Any] = described.get("target") or {}
        source = next(
            (
                each
                for each in self._sources.values()
                if self.names.in_name(each.name) == described.get("file")
            ),
            None,
        )
        columns = source.columns if source is not None else []
        changed = {each: new for each in columns if (new := self.names.in_name(each)) != each}
        nested: list[dict[str, Any]] = [each for each in target.values() if isinstance(each, dict)]
        for members in (target, *nested):
            for name, value in list(members.items()):
                if isinstance(value, str) and name not in ("list", "module"):
                    members[name] = changed.get(value, value)
                elif "column" in value and not isinstance(value, str):
                    members[name] = {
                        **value,
                        "column": changed.get(value["column"], value["column"]),
                    }
        for old, new in changed.items():
            described["confirm"] = [
                each.replace(f"column {old}", f"column {new}") for each in described["confirm"]
            ]

    def _exports(self) -> list[dict[str, Any]]:
        client = self.reader.client
        return [self._export(each) for each in self.reader.several("exports", client.get_exports)]

    def _export(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        identifier, name = str(shown["id"]), str(shown["name"])
        place = f"export {name}"
        described: dict[str, Any] = {"id": identifier, "name": self._name(identifier, name)}
        metadata = self.reader.one(
            place, lambda: self.reader.client.get_export(identifier), identifier
        )
        layout = str(shown["layout"] or shown["type"])
        if layout in LAYOUTS:
            described["layout"] = layout
        data_format = (metadata or {}).get("export_format") or shown["format"]
        if data_format in _FORMATS:
            described["export_format"] = data_format
        encoding = (metadata or {}).get("encoding") or shown["encoding"]
        if encoding in _ENCODINGS:
            described["encoding"] = encoding
        if layout not in LAYOUTS or data_format not in _FORMATS:
            # Without a module it fails when it is run; a grid needs axes.
            described.pop("layout", None)
            self._report.skip(
                place,
                f"the emulator runs no exports with {layout} and {data_format or 'no format'}",
            )
            return described
        if metadata is None:
            described.pop("layout")
            return described
        members, text = self.exports.members(name, layout, metadata)
        if not members and layout.startswith("GRID"):
            described.pop("layout")
        described |= members
        described["confirm"] = [self._report.guess(place, text)]
        return described

    def _other_actions(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        client = self.reader.client
        deletions: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for shown in self.reader.several("actions", client.get_actions):
            identifier, name = str(shown["id"]), str(shown["name"])
            metadata = self.reader.one(
                f"action {name}", partial(client.get_action, identifier), identifier
            )
            described = {"id": identifier, "name": self._name(identifier, name)}
            deletion = self._deletion(metadata or {})
            if deletion is not None:
                deletions.append({**described, **deletion})
                continue
            kind = shown["type"] or (metadata or {}).get("type") or ""
            others.append({**described, **({"action_type": kind} if kind else {})})
            self._report.skip(
                f"action {name}",
                f"Anaplan shows no definition of an action of the type {kind or 'unknown'}: it is "
                "listed, but fails when it is run",
            )
        return deletions, others

    def _deletion(self, metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        list_name = self.structure.list_names.get(str(metadata.get("listId")))
        found = self.structure.line_item(str(metadata.get("filterLineItemId")))
        if list_name is None or found is None:
            return None
        module, item = found
        if module.dimensions != [list_name] or item.data_format != "BOOLEAN":
            return None
        return {"list": list_name, "module": module.name, "line_item": item.name}

    def _processes(self) -> list[dict[str, Any]]:
        client = self.reader.client
        processes: list[dict[str, Any]] = []
        for shown in self.reader.several("processes", client.get_processes):
            identifier, name = str(shown["id"]), str(shown["name"])
            place = f"process {name}"
            metadata = self.reader.one(place, partial(client.get_process, identifier), identifier)
            steps = [str(each["id"]) for each in (metadata or {}).get("actions", [])]
            if unknown := [each for each in steps if each not in self._names]:
                self._report.skip(place, f"its actions {', '.join(unknown)} are not in the capture")
            known = [self._names[each] for each in steps if each in self._names]
            if not known:
                self._report.skip(place, "left out: it has no actions that could be read")
                continue
            processes.append(
                {"id": identifier, "name": self._name(identifier, name), "actions": known}
            )
        return processes
