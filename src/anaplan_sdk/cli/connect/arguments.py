"""Interprets the arguments of Anaplan Connect, which are run in order as a small program."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from anaplan_sdk.cli.connect.script import Call
from anaplan_sdk.cli.connect.steps import (
    Describe,
    Download,
    Enumerate,
    ItemVerb,
    Plan,
    Query,
    ReadItems,
    ReadView,
    Run,
    RunKind,
    Source,
    Step,
    Upload,
    Work,
    WriteItems,
)
from anaplan_sdk.cli.connect.values import Value

# The long form of each short option.
_LONG = {
    "d": "debug", "h": "help", "q": "quiet", "s": "service", "v": "via", "vu": "viauser",
    "u": "user", "c": "certificate", "pkey": "privatekey", "k": "keystore", "ka": "keystorealias",
    "kp": "keystorepass", "w": "workspace", "w_id": "workspace", "m": "model", "m_id": "model",
    "mo": "module", "vi": "view", "l": "list", "f": "file", "i": "import", "e": "export",
    "a": "action", "pr": "process", "W": "workspaces", "M": "models", "F": "files",
    "I": "imports", "E": "exports", "A": "actions", "P": "processes", "L": "lists",
    "MO": "modules", "V": "views", "p": "put", "g": "get", "x": "execute", "xl": "locale",
    "xm": "mappingproperty", "xc": "connectorproperty", "xlocale": "locale",
    "xmappingproperty": "mappingproperty", "xconnectorproperty": "connectorproperty",
    "o": "output", "im": "itemmappingproperty", "ch": "chunksize", "mrc": "maxretrycount",
    "rt": "retrytimeout", "ct": "httptimeout", "emd": "exportmetadata",
}  # fmt: skip
_LISTINGS = (
    "workspaces", "models", "files", "imports", "exports", "actions", "processes", "lists",
    "modules", "views",
)  # fmt: skip
_SELECTIONS = ("workspace", "model", "module", "view", "list", "file", *get_args(RunKind))
# Options whose value is a setting as it stands.
_SETTINGS = {
    "service": "service",
    "auth": "authentication",
    "via": "proxy",
    "viauser": "proxy_user",
    "certificate": "certificate",
    "keystore": "keystore",
    "keystorealias": "alias",
    "keystorepass": "key_password",
    "oauth-client-id": "client_id",
}
_RETRIES = (
    "Retries and timeouts (-mrc, -rt, -ct) are built in: what can be repeated safely is repeated."
)
_UNCLEAR = (
    "this call is not converted, since an argument belongs to no option. A name with spaces may "
    "lack its quotation marks: correct that, and convert the script again."
)
_DATABASE = "The connection to the database (-jdbcurl, -jdbcuser) is up to your own tool."
# Options with a value that are replaced by a note.
_NOTED = {
    "maxretrycount": _RETRIES,
    "retrytimeout": _RETRIES,
    "httptimeout": _RETRIES,
    "httpconnectiontimeout": _RETRIES,
    "chunksize": "The chunk size (-ch) is not needed: chunks are sent at the same time.",
    "itemmappingproperty": "-im: for each column with another name add --map FIELD=COLUMN.",
    "jdbcurl": _DATABASE,
    "jdbcuser": _DATABASE,
    "jdbcfetchsize": _DATABASE,
    "jdbcparams": _DATABASE,
    "loadclass": _DATABASE,
}
_ITEM_VERBS: dict[str, ItemVerb] = {
    "putitems": "insert",
    "updateitems": "update",
    "upsertitems": "upsert",
    "deleteitems": "delete",
}


@dataclass
class _State:
    """What the arguments so far have selected."""

    selected: dict[str, Value] = field(default_factory=dict[str, Value])
    action: tuple[RunKind, Value] | None = None
    mappings: list[Value] = field(default_factory=list[Value])
    connectors: list[Value] = field(default_factory=list[Value])
    locale: Value | None = None
    pages: list[Value] = field(default_factory=list[Value])
    # A query for which no file is selected yet.
    query: Query | None = None
    last: Run | WriteItems | None = None


def interpret(call: Call) -> Plan:
    """Interpret the arguments of a call.

    Args:
        call: The call.

    Returns:
        What it does.
    """
    return _Interpreter(call).run()


class _Interpreter:
    def __init__(self, call: Call) -> None:
        self._line = call.line
        self._arguments = list(call.arguments)
        self._plan = Plan()
        self._settings = self._plan.settings
        self._state = _State()
        # The notes for the next step.
        self._notes: list[str] = []
        self._without_value: dict[str, Callable[[str], None]] = {
            "execute": self._execute,
            "puts": lambda _: self._upload(None),
            "putc": self._upload_columns,
            "gets": lambda variant: self._download(variant, None),
            "getc": self._download_columns,
            "exportmetadata": self._describe,
            "rotatable": lambda _: setattr(self._settings, "rotates", True),
            "forceregister": lambda _: setattr(self._settings, "registers", True),
            "debug": lambda _: self._note("-debug: --verbose prints the log of a command."),
            "quiet": lambda _: None,
            "help": lambda _: None,
            "version": lambda _: None,
        }
        state = self._state
        self._with_value: dict[str, Callable[[str, Value], None]] = {
            "put": lambda _, value: self._upload(value),
            "get": self._download,
            "locale": lambda _, value: setattr(state, "locale", value),
            "mappingproperty": lambda _, value: state.mappings.append(value),
            "connectorproperty": self._add_connector,
            "output": lambda _, value: self._output(value),
            "pages": lambda _, value: setattr(state, "pages", value.split(",")),
            "jdbcproperties": lambda _, value: self._query(Query(properties=value)),
            "jdbcquery": lambda _, value: self._query(Query(sql=value)),
            "user": self._user,
            "privatekey": self._private_key,
        }

    def run(self) -> Plan:
        is_clear = True
        while self._arguments:
            argument = self._arguments.pop(0)
            if _is_option(argument):
                given, _, variant = argument.plain.partition(":")
                name = given.lstrip("-")
                self._one(_LONG.get(name, name).lower(), variant.lower(), given)
            else:
                is_clear = False
        if self._state.query is not None:
            self._note(f"Line {self._line}: the query of JDBC has no file to go to.")
        self._plan.notes += self._notes
        if not is_clear:
            # Not even a part is shown: the quotes may be at wrong places.
            self._plan.steps = []
            self._plan.notes = [f"Line {self._line}: {_UNCLEAR}"]
        return self._plan

    def _one(self, name: str, variant: str, given: str) -> None:
        if name in _LISTINGS:
            self._add(Enumerate(name))
        elif name in self._without_value:
            self._without_value[name](variant)
        elif name in _ITEM_VERBS:
            self._write_items(_ITEM_VERBS[name], variant, given)
        elif name in (*_SELECTIONS, *_SETTINGS, *_NOTED, *self._with_value):
            if self._arguments:
                self._use(name, variant, self._arguments.pop(0))
            else:
                self._note(f"Line {self._line}: {given} lacks its argument.")
        else:
            # Neither it nor its arguments are shown: it may be a part of a secret.
            while self._arguments and not _is_option(self._arguments[0]):
                self._arguments.pop(0)
            self._note(f"Line {self._line}: an option that is not known is left out.")

    def _use(self, name: str, variant: str, value: Value) -> None:
        if name in _SELECTIONS:
            self._select(name, value)
        elif name in _SETTINGS:
            setattr(self._settings, _SETTINGS[name], value)
        elif name in _NOTED:
            self._note(_NOTED[name])
        else:
            self._with_value[name](variant, value)

    def _select(self, name: str, value: Value) -> None:
        state = self._state
        if name in get_args(RunKind):
            state.action = (name, value)  # type: ignore[assignment]
            # The output of an export is a file.
            name = "file" if name == "export" else name
        elif name in ("view", "module"):
            state.pages = []
            state.selected.pop("list", None)
        elif name == "list":
            state.selected.pop("module", None)
            state.selected.pop("view", None)
        state.selected[name] = value

    def _user(self, _: str, value: Value) -> None:
        self._settings.user, self._settings.password = value.partition(":")

    def _private_key(self, _: str, value: Value) -> None:
        # The colon after the letter of a drive belongs to the path.
        minimum = 2 if re.match(r"[A-Za-z]:[\\/]", value.plain) else 0
        settings = self._settings
        settings.private_key, settings.key_password = value.partition(":", minimum=minimum)

    def _add_connector(self, _: str, value: Value) -> None:
        self._state.connectors.append(value)

    def _describe(self, _: str) -> None:
        if self._state.action is not None:
            self._add(Describe(self._state.action[1]))

    def _execute(self, variant: str) -> None:
        state = self._state
        if state.action is None:
            self._note(f"Line {self._line}: -execute runs nothing, since no action is selected.")
            return
        if variant:
            self._note("-execute:KIND: only the selected action is run; repeat it for others.")
        if state.query is not None and "file" in state.selected:
            query, state.query = state.query, None
            self._upload(query)
        kind, reference = state.action
        state.last = Run(kind, reference, state.mappings, state.connectors, state.locale)
        state.mappings, state.connectors = [], []
        self._add(state.last)

    def _upload_columns(self, _: str) -> None:
        self._note("-putc read columns separated by tabs; send CSV instead.")
        self._upload(None)

    def _upload(self, source: Source) -> None:
        file = self._state.selected.get("file")
        if file is None:
            self._note(f"Line {self._line}: -put has no file; upload with 'anaplan upload'.")
        else:
            self._add(Upload(file, source))

    def _query(self, query: Query) -> None:
        state = self._state
        if state.action is not None and state.action[0] == "export":
            self._note("JDBC: the export was written to a database; pipe its CSV to your own tool.")
        elif "file" in state.selected:
            self._upload(query)
        else:
            state.query = query

    def _download_columns(self, variant: str) -> None:
        self._note("-getc wrote columns separated by tabs; this writes CSV.")
        self._download(variant, None)

    def _download(self, variant: str, destination: Value | None) -> None:
        selected = self._state.selected
        module, view = selected.get("module"), selected.get("view")
        form: Any = "json" if variant == "json" else "csv"
        layouts: dict[str, Any] = {"csv_sc": "single", "csv_mc": "multi"}
        if variant and (module is not None or view is not None):
            pages = tuple(self._state.pages)
            if form == "json":
                self._note("The JSON has another form than that of Anaplan Connect.")
            layout = layouts.get(variant, "grid")
            self._add(ReadView(module, view, layout, form, pages, destination))
        elif variant and "list" in selected:
            self._add(ReadItems(selected["list"], form, destination))
        elif "file" in selected:
            self._add(Download(selected["file"], destination))
        else:
            self._note(f"Line {self._line}: -get has no file; use 'anaplan download'.")

    def _write_items(self, verb: ItemVerb, variant: str, given: str) -> None:
        state = self._state
        items = state.selected.get("list")
        source: Source = None
        if variant == "jdbc":
            # The properties may follow by an option of their own.
            if self._arguments and self._arguments[0].plain == "-jdbcproperties":
                self._arguments.pop(0)
            if self._arguments and not _is_option(self._arguments[0]):
                source = Query(properties=self._arguments.pop(0))
            else:
                source, state.query = state.query or Query(), None
        elif self._arguments:
            source = self._arguments.pop(0)
        if source is None or items is None:
            self._note(f"Line {self._line}: {given} has no list or no file; it is left out.")
            return
        state.last = WriteItems(verb, items, source)
        self._add(state.last)

    def _output(self, destination: Value) -> None:
        last = self._state.last
        if last is None:
            self._note(f"Line {self._line}: -output follows no run; it is left out.")
        else:
            last.refused = destination

    def _add(self, work: Work) -> None:
        selected = self._state.selected
        places = selected.get("workspace"), selected.get("model")
        self._plan.steps.append(Step(work, self._line, *places, self._notes))
        self._notes = []

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)


def _is_option(value: Value) -> bool:
    plain = value.plain
    # A single dash is stdin.
    return plain.startswith("-") and len(plain) > 1 and not plain[1].isdigit()
