"""The converted script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from anaplan_sdk.cli.connect.arguments import interpret
from anaplan_sdk.cli.connect.commands import Command, commands_for
from anaplan_sdk.cli.connect.properties import read_query
from anaplan_sdk.cli.connect.script import (
    Call,
    ChangeFolder,
    Condition,
    End,
    Script,
    Undecided,
)
from anaplan_sdk.cli.connect.secrets import SECRET, Secrets
from anaplan_sdk.cli.connect.shells import Pipe, Shell, commented, wrapped
from anaplan_sdk.cli.connect.sign_in import environment_for
from anaplan_sdk.cli.connect.steps import Query, Settings
from anaplan_sdk.cli.connect.values import Atom, Code, Outer, Value, Variable

_TITLE = "Converted from {} by 'anaplan convert-connect'. Read it before you run it."
_STOPS = (
    "The script stops at the first command that fails; Anaplan Connect went on and exited with 0."
)
_DECIDE = "was set under a condition in the old script: set it here"
_INPUT = "was an input of the old script: set it here"
_PIPE = "the old script pipes data into this. Put the same pipe before it here."
_REDIRECTED = (
    "The old script redirects output: here, data is printed on stdout, messages on stderr."
)


@dataclass
class Conversion:
    """A converted script.

    Attributes:
        text: The new script.
        commands: Its commands of `anaplan`, each on one line.
        notes: What a person has to know or do.
    """

    text: str
    commands: list[str]
    notes: list[str]


def convert(script: Script, name: str, folder: Path, source: Shell, target: Shell) -> Conversion:
    """Convert a script.

    Args:
        script: The script.
        name: Its name.
        folder: Its folder, in which files of queries are looked for.
        source: The shell that it is written for.
        target: The shell that the new one is written for.

    Returns:
        The new script.
    """
    return _Writer(script, name, folder, source, target, Secrets(script)).write()


class _Assignment(NamedTuple):
    """The line that sets a variable of the script."""

    name: str
    text: str


@dataclass
class _Writer:
    script: Script
    name: str
    folder: Path
    source: Shell
    target: Shell
    secrets: Secrets
    lines: list[str | _Assignment] = field(default_factory=list[str | _Assignment])
    # The first lines of all.
    top: dict[str, None] = field(default_factory=dict[str, None])
    commands: list[str] = field(default_factory=list[str])
    # What applies to the script as a whole is said once, at its start.
    general: dict[str, None] = field(default_factory=dict[str, None])
    notes: list[str] = field(default_factory=list[str])
    # The variables that are set at the current place, and all values that they have in turn.
    known: dict[str, Value] = field(default_factory=dict[str, Value])
    values: dict[str, list[Value]] = field(default_factory=dict[str, list[Value]])
    replaced: dict[str, str] = field(default_factory=dict[str, str])
    # What the script alone does not decide, by variable, and where that has been said.
    undecided: dict[str, list[Undecided]] = field(default_factory=dict[str, list[Undecided]])
    stopped: Condition | None = None
    settings: Settings | None = None
    environment: set[str] = field(default_factory=set[str])
    asked: int = 0
    # The line of the old script that is being converted.
    line: int = 1
    places: dict[str, Value] = field(default_factory=dict[str, Value])

    def write(self) -> Conversion:
        self.general[_STOPS] = None
        last = self.script.calls[-1]
        for event in self.script.events:
            match event:
                case ChangeFolder(folder, line, condition):
                    self.lines.append("")
                    self._stop(line, condition, "the working folder is changed")
                    self.lines.append(self.target.folder_change(self._usable(folder)))
                case Undecided(name):
                    self.undecided.setdefault(self._key(name), []).append(event)
                case End(line, condition):
                    self.lines.append("")
                    self._stop(line, condition, "the old script may end")
                case Call():
                    self._call(event)
            if event is last:
                break
        if self.script.others:
            self.general[_others(self.script.others)] = None
        head = [*self.target.start, *self._comment(_TITLE.format(self.name))]
        for note in self.general:
            head += self._comment(f"- {note}", indent="  ")
        head += self.target.options
        # What keeps its value is set at the start, as people are used to.
        first = [
            each.text
            for each in self.lines
            if isinstance(each, _Assignment)
            if self._is_constant(each)
        ]
        rest = [
            each.text if isinstance(each, _Assignment) else each
            for each in self.lines
            if not (isinstance(each, _Assignment) and self._is_constant(each))
        ]
        top = [*self.top, *first]
        text = "\n".join([*head, *([""] if top else []), *top, *rest])
        text = re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
        notes = [*self.general, *self.notes]
        self.secrets.require_none("\n".join([text, *self.commands, *notes]))
        return Conversion(text, self.commands, notes)

    def _is_constant(self, assignment: _Assignment) -> bool:
        values = self.values[assignment.name]
        return len(values) == 1 and not self._depends(values[0])

    def _depends(self, value: Value) -> bool:
        """Whether the value depends on a variable that a person has to set."""
        for atom in value.atoms:
            names = [atom.name] if isinstance(atom, Outer) else []
            if isinstance(atom, Code):
                if any(self._depends(used) for _, used in atom.uses):
                    return True
                names = [name for name, _ in atom.uses]
            if any(self._key(name) in self.undecided for name in names):
                return True
        return False

    def _key(self, name: str) -> str:
        return name.upper() if self.source.comment == "rem" else name

    def _call(self, call: Call) -> None:
        self.line = call.line
        plan = interpret(call)
        if plan.steps and plan.settings != self.settings:
            self.settings = plan.settings
            self._sign_in(plan.settings)
        self.lines.append("")
        if not self._stop(call.line, call.condition, "Anaplan Connect is called"):
            self.stopped = None
        notes = [f"Line {call.line}: {_PIPE}"] if call.in_pipe else []
        if call.is_redirected:
            self.general[_REDIRECTED] = None
        for command in commands_for(plan.steps, self.asked, self.target.separator):
            self.general |= dict.fromkeys(command.differences)
            command.notes[:0] = notes
            notes.clear()
            self._command(command)
        for note in plan.notes:
            self._general_or_here(note)
        if not plan.steps:
            self.lines.append(self.target.stop(f"Line {call.line} was not converted."))

    def _stop(self, line: int, condition: Condition | None, what: str) -> bool:
        """Stop the new script before what depends on a condition or a loop."""
        if condition is None:
            return False
        if condition is not self.stopped:
            self.stopped = condition
            self._note(
                f"Line {line}: {what} under a condition or in a loop ({self._shown(condition)}). "
                "Put that around it here, and remove the line that stops the script."
            )
            message = f"Stopped: line {line} of the old script depends on a condition or a loop."
            self.lines.append(self.target.stop(message))
        return True

    def _shown(self, condition: Condition) -> str:
        text = condition.text
        shown = f"line {condition.line}"
        if text is None or not self.secrets.allow_condition(text, self.source):
            return f"{shown}, not shown here"
        return f"{shown}: {self.source.shown(text)}"

    def _decide(self, name: str) -> None:
        """Have a person set a variable that the old script alone does not decide."""
        events = self.undecided.get(self._key(name))
        if not events:
            return
        name = events[0].name
        why = "is not set"
        for event in events:
            if event.condition is None:
                why = _INPUT if event.value is None and why == "is not set" else why
                continue
            why = _DECIDE
            if event.before is not None:
                self._note(self._possible(name, event.before, "before"))
            self._note(self._possible(name, event.value, self._shown(event.condition)))
        if name in self.known:
            del self.known[name]
            self.lines.append(self.target.unset(name))
        self.values.setdefault(name, []).append(Value((Outer(name),)))
        self.lines.append(self.target.required(name, why))
        events.clear()

    def _possible(self, name: str, value: Value | None, where: str) -> str:
        if value is None:
            return f"{name}, {where}"
        is_shown = self.secrets.allow_value(name, value, self.source)
        return f"{name}={self.source.shown(value) if is_shown else '...'}, {where}"

    def _sign_in(self, settings: Settings) -> None:
        found = environment_for(settings, self.target)
        self.lines.append("")
        names = {*found.exported, *found.asked, *found.required}
        self.lines += map(self.target.unset, sorted(self.environment - names))
        self.environment = names
        for note in found.notes:
            self._note(note)
        self.lines += [f"{self.target.comment}   {line}" for line in found.lines]
        for name, value in found.exported.items():
            self._export(name, value)
        for name, question in found.asked.items():
            self.lines.append(self.target.asked(name, question, exports=True))
        self._require(found.required)

    def _require(self, variables: Mapping[str, str]) -> None:
        for name, purpose in variables.items():
            example = self.target.exported(name, Value.of("..."))
            self._note(f"Set {purpose} from a safe place, not in this script: {example}")
            self.lines.append(self.target.required(name))

    def _command(self, command: Command) -> None:
        if self.lines[-1:] != [""]:
            self.lines.append("")
        for name, value in (("WORKSPACE", command.workspace), ("MODEL", command.model)):
            key = f"ANAPLAN_{name}_ID"
            if value is not None and self.places.get(key) != value:
                self.places[key] = value
                self._export(key, value)
        for note in command.notes:
            self._general_or_here(note)
        self._require(command.secrets)
        for name, question in command.questions.items():
            self.lines.append(self.target.asked(name, question))
        self.asked += len(command.questions)
        if command.folder is not None:
            self.lines.append(self.target.new_folder(self._usable(command.folder)))
        pipe = Pipe("") if command.query is None else self._pipe(command.query)
        words = ["anaplan", *(self._quoted(word) for word in command.words)]
        redirect = ""
        if command.destination is not None and command.destination.plain != "-":
            redirect = f" > {self._quoted(command.destination)}"
        self.commands.append(" ".join(words) + redirect)
        suffix = redirect + self.target.on_failure
        self.lines += [*wrapped(pipe.before, words, suffix, self.target.continuation), *pipe.after]

    def _pipe(self, query: Query) -> Pipe:
        sql = query.sql.plain if query.sql is not None and query.sql.is_known else None
        if query.properties is not None and query.properties.is_known:
            found = read_query(self.folder / query.properties.plain.replace("\\", "/"))
            if found is not None:
                sql = found.query
                if found.is_procedure:
                    self._note("The query is the call of a stored procedure.")
                if found.has_parameters:
                    self._note("The query has parameters (params): bind them in your tool.")
        if "SQL_TOOL" not in self.known:
            self.known["SQL_TOOL"] = Value()
            self._note(
                "JDBC: set SQL_TOOL to your own tool. It reads a query from stdin and prints CSV."
            )
            self.lines.append(self.target.required("SQL_TOOL"))
        if sql is not None and SECRET.search(sql):
            sql = None
        pipe = self.target.pipe(sql)
        if pipe.file is not None:
            where = "of the old script"
            name = query.properties.plain if query.properties is not None else ""
            if re.fullmatch(r"[\w./\\ -]+", name) and not self.secrets.are_in(name):
                where = f"in {name}"
            self._note(f"Save the query {where} as {pipe.file}{':' if sql else '.'}")
            self.lines += [f"{self.target.comment}   {line}" for line in (sql or "").splitlines()]
        return pipe

    def _export(self, name: str, value: Value) -> None:
        quoted = self._usable(value)
        self.lines.append(self.target.exported(name, quoted))

    def _quoted(self, value: Value) -> str:
        return self.target.quoted(self._usable(value))

    def _usable(self, value: Value) -> Value:
        """Set the variables that a text uses, and return it as the new script can have it."""
        value = self._translated(value)
        self._define(value)
        return value

    def _define(self, value: Value) -> None:
        for piece in value.pieces():
            if isinstance(piece, Variable):
                self._set(piece.name, piece.value)
            elif isinstance(piece, Outer):
                self._decide(piece.name)
            elif isinstance(piece, Code):
                for name, used in piece.uses:
                    if used == Value((Outer(name),)):
                        self._decide(name)
                    else:
                        self._set(name, used)

    def _set(self, name: str, value: Value) -> None:
        is_secret = bool(value.literals()) and (
            SECRET.search(name) or self.secrets.are_in_value(value)
        )
        if self.known.get(name) != value and is_secret:
            self.known[name] = value
            self._note(f"Set {name} yourself: its old value may contain a secret.")
            self.lines.append(self.target.required(name))
        elif self.known.get(name) != value:
            self._define(value)
            self.known[name] = value
            self.values.setdefault(name, []).append(value)
            self.lines.append(_Assignment(name, self.target.assignment(name, value)))

    def _translated(self, value: Value) -> Value:
        """Replace code that may contain a secret, and what only the old script's shell can do."""
        is_same = self.source.comment == self.target.comment
        atoms: list[Atom] = []
        for atom in value.atoms:
            if isinstance(atom, Code):
                if is_same and atom.is_harmless:
                    atoms.append(atom)
                else:
                    atoms += self._replacement(atom.code, is_shown=atom.is_harmless)
            elif is_same or isinstance(atom, str) or re.fullmatch(r"\w+", atom.name):
                atoms.append(atom)
            elif isinstance(atom, Outer):  # A name that the other shell does not allow.
                atoms += self._replacement(atom.name, is_shown=True)
        return Value(tuple(atoms))

    def _replacement(self, code: str, *, is_shown: bool) -> tuple[Atom, ...]:
        if code == self.source.folder:
            if self.target.folder_line is not None:
                self.top[self.target.folder_line] = None
            return self.target.own_folder
        if code not in self.replaced:
            name = self.replaced[code] = f"REPLACE_{len(self.replaced) + 1}"
            what = f"this was: {code}" if is_shown else "the old script computes there."
            note = f"Line {self.line}: set {name} to what {what}"
            self.notes.append(note)
            self.top |= dict.fromkeys([*self._comment(note), self.target.required(name)])
        return (Outer(self.replaced[code]),)

    def _general_or_here(self, note: str) -> None:
        if note.startswith("Line "):
            self._note(note)
        else:
            self.general[note] = None

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
            self.lines += self._comment(note, indent="  ")

    def _comment(self, text: str, indent: str = "") -> list[str]:
        return commented(text, self.target.comment, indent)


def _others(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:9])) + (" and more" if len(lines) > 9 else "")
    return (
        f"Commands that do not call Anaplan Connect are left out (line {shown}). Where they look "
        "for errors in the log, use the exit code."
    )
