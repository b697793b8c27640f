"""Reads batch files of Windows."""

from __future__ import annotations

import re

from anaplan_sdk.cli.connect.branches import Branches
from anaplan_sdk.cli.connect.script import CALL, Condition, End, Script, Undecided, unclosed
from anaplan_sdk.cli.connect.values import Atom, Code, Outer, Value, split_quoted

_EXPANSION = re.compile(
    r"%(?P<percent>%)(?![A-Za-z~])|%%(?P<loop>~?\w+)|%(?P<path>~[a-zA-Z]*\d)|%(?P<argument>[\d*])"
    r"|%(?P<name>[^%:~!\s=][^%:!=]*)(?P<part>:[^%]*)?%|!(?P<delayed>[A-Za-z_][^!:\s]*)!"
)
_CONDITION = re.compile(
    r"""(?xi) if \s+ (?:/i\s+)? (?P<negated>not\s+)? (?:
        defined \s+ (?P<defined>\S+)
      | (?P<other>exist \s+ (?:"[^"]*"|\S+) | errorlevel \s+ \S+ | cmdextversion \s+ \S+)
      | (?P<left>"[^"]*"|[^\s=]*) \s*==\s* (?P<right>"[^"]*"|[^\s(]+)
      | (?P<compared>\S+ \s+ (?:equ|neq|lss|leq|gtr|geq) \s+ \S+)
    ) \s* """
)
_FAILED = re.compile(
    r"""(?xi) if \s+ (?: errorlevel \s+ [1-9] | not \s+ "?[%!]errorlevel[%!]"? \s*==\s* "?0
      | "?[%!]errorlevel[%!]"? \s+ (?: (?:neq|gtr) \s+ "?0 | geq \s+ "?1 ) )"""
)
_QUOTES = '"'


def read_batch(text: str) -> Script:
    """Read a batch file.

    Args:
        text: Its text.

    Returns:
        What it does.
    """
    lines: list[tuple[int, str]] = []
    physical = text.splitlines()
    i = 0
    while i < len(physical):
        number, line = i + 1, physical[i]
        while line.rstrip().endswith("^") and i + 1 < len(physical):
            i += 1
            line = line.rstrip()[:-1] + physical[i]
        lines.append((number, line.strip().lstrip("@ \t")))
        i += 1
    script = Script()
    _Reader(lines, script, {}).read(0)
    return script


class _Reader:
    def __init__(
        self,
        lines: list[tuple[int, str]],
        script: Script,
        variables: dict[str, tuple[str, Value]],
        arguments: dict[str, Value] | None = None,
        around: Condition | None = None,
        called: tuple[str, ...] = (),
    ) -> None:
        self._script = script
        self._lines = lines
        # By the name in capitals, since case does not matter there.
        self._variables = variables
        self._arguments = arguments or {}
        self._branches = Branches(around)
        self._around = around
        # The labels that are being called, which are not called once more.
        self._called = called
        # The labels that the script may jump to, with the conditions.
        self._jumps: dict[str, Condition] = {}
        self._next = 0
        self._has_exited = False

    def read(self, start: int) -> None:
        self._next = start
        while self._next < len(self._lines):
            number, line = self._lines[self._next]
            self._next += 1
            self._line(line, number)

    def _line(self, line: str, number: int) -> None:
        line = line.lstrip("@ \t")
        label = re.match(r":\s*([^\s:+]+)", line)
        if label:
            self._jumps.pop(label[1].lower(), None)
        if not line or line.startswith(":") or re.match(r"(?i)rem\b", line):
            return
        if line.startswith(")"):
            rest = line[1:].lstrip()
            otherwise = re.match(r"(?i)else\b\s*", rest)
            if otherwise:
                self._branches.begin_other_body()
                self._body(rest[otherwise.end() :], number)
            else:
                self._branches.end()
                if rest:
                    self._line(rest.lstrip("&| "), number)
            return
        condition = _CONDITION.match(line)
        loop = re.match(r"(?i)for\s.*?\bdo\b\s*", line)
        if condition:
            text = self._expanded(condition[0].strip())
            is_failure = _FAILED.match(condition[0]) is not None
            self._branches.begin(Condition(number, text, is_failure), self._result(condition))
            self._body(line[condition.end() :], number)
        elif loop:
            # What a loop runs or reads may contain a secret.
            self._branches.begin(Condition(number, Value.of("for loop")))
            self._body(line[loop.end() :], number)
        elif line.startswith("("):
            self._branches.begin(Condition(number), True)
            self._body(line, number)
        else:
            self._commands(line, number)

    def _body(self, rest: str, number: int) -> None:
        """Read what a condition or a loop applies to: a block, or the rest of the line."""
        if not rest.startswith("("):
            depth = self._branches.depth
            self._line(rest, number)
            self._branches.end_or_nest(depth)
            return
        inner, closing, after = _block(rest)
        if inner.strip():
            self._line(inner.strip(), number)
        if closing:
            self._line(")" + after, number)

    def _result(self, condition: re.Match[str]) -> bool | None:
        result: bool | None = None
        if condition["defined"]:
            found = self._variables.get(condition["defined"].upper())
            result = bool(found[1]) if found and found[1].is_known else None
        elif condition["left"] is not None:
            left, right = self._expanded(condition["left"]), self._expanded(condition["right"])
            if left.is_known and right.is_known:
                # `%X% == ""` is true there if X is set to a pair of quotes.
                result = left.plain == right.plain
                if "/i" in condition[0].lower().split():
                    result = left.plain.lower() == right.plain.lower()
        return result if result is None or not condition["negated"] else not result

    def _commands(self, line: str, number: int) -> None:
        in_pipe = ends = False
        depends: Condition | None = None
        parts = _commands(line)
        for i, (command, operator) in enumerate(parts):
            if self._branches.are_skipped:
                return
            text = command.strip().lstrip("@")
            if i and re.match(r"(?i)\(|(?:if|for)\s", text):
                rest = "".join(part for each in parts[i:] for part in each)
                self._branches.begin(depends or Condition(number), None if depends else True)
                self._body(rest.strip(), number)
                return
            jump = next(iter(self._jumps.values()), None)
            ends = self._command(text, number, depends or self._branches.unknown or jump, in_pipe)
            in_pipe = operator == "|"
            depends = None
            if operator in ("&&", "||"):
                depends = Condition(number, None, operator == "||" and ends)

    def _command(
        self, command: str, number: int, condition: Condition | None, in_pipe: bool
    ) -> bool:
        """Read a command, and return whether its failure ends the converted script."""
        assignment = re.match(r'(?i)set\s+(?!/)("?)([^=\s"][^="]*)=(.*)', command)
        asked = re.match(r"(?i)set\s+/[ap]\s+\"?([^=\s\"]+?)\s*=", command)
        jump = re.match(r"(?i)goto\b\s*:?\s*(\S+)|exit\b", command)
        call = re.match(r"(?i)call\s+:(\S+)\s*(.*)", command)
        if assignment:
            text = assignment[3].rstrip()
            if assignment[1]:
                text = text.rpartition('"')[0] if '"' in text else text
            self._set(assignment[2].strip(), self._expanded(text), number, condition)
        elif asked:
            self._set(asked[1], None, number, condition)
        elif jump:
            self._jump((jump[1] or ":eof").lower().rstrip(")"), command, number, condition)
        elif call:
            self._call(call[1].lower(), call[2], condition)
        else:
            return self._other(command, number, condition, in_pipe)
        return False

    def _label(self, name: str) -> int | None:
        for i, (_, line) in enumerate(self._lines):
            found = re.match(r":\s*([^\s:+]+)", line)
            if found and found[1].lower() == name:
                return i
        return None

    def _jump(self, label: str, command: str, number: int, condition: Condition | None) -> None:
        target = self._label(label)
        if condition is not None:
            if condition.is_failure:
                return
            if target is not None and target >= self._next:
                self._jumps.setdefault(label, condition)
            else:  # The end, or a loop.
                self._script.events.append(End(number, condition))
        elif target is not None and target >= self._next:
            self._next = target
            self._branches = Branches(self._around)
        else:
            self._next = len(self._lines)
            name = command.lower()
            self._has_exited = name.startswith("exit") and "/b" not in name
            if target is not None:
                loop = Condition(number, Value.of(f"loop to {label}"))
                self._script.events.append(End(number, loop))

    def _call(self, label: str, arguments: str, condition: Condition | None) -> None:
        """Read the lines after a label with their arguments."""
        target = self._label(label)
        if target is None or label in self._called:
            return
        given = split_quoted(self._expanded(arguments), _QUOTES)
        values = {str(i): value.expanded() for i, value in enumerate(given, 1)}
        called = (*self._called, label)
        reader = _Reader(self._lines, self._script, self._variables, values, condition, called)
        reader.read(target)
        if reader._has_exited:
            self._has_exited = True
            self._next = len(self._lines)

    def _set(self, name: str, value: Value | None, line: int, condition: Condition | None) -> None:
        """Set a variable; one that is set under a condition has no known value afterwards."""
        _, before = self._variables.get(name.upper(), (name, None))
        if condition is None and value is not None:
            self._variables[name.upper()] = (name, value)
            return
        tested = None if condition is None else _tested_variable(condition)
        if tested and value is not None and before is None and Outer(tested) in value.atoms:
            # The new script requires the tested variable, so that the condition is fulfilled.
            self._variables[name.upper()] = (name, value)
            self._script.events.append(Undecided(tested, line))
            return
        self._variables.pop(name.upper(), None)
        self._script.events.append(Undecided(name, line, value, before, condition))

    def _other(self, command: str, number: int, condition: Condition | None, in_pipe: bool) -> bool:
        text, count = re.subn(r'(?<![\w"])[12]?>>?\s*(?:&[12]|"[^"]*"|\S+)', " ", command)
        value = _unescaped(self._expanded(text))
        if value.atoms.count('"') % 2 and CALL.search(value.plain):
            raise unclosed(number)
        words = split_quoted(value, _QUOTES)
        return self._script.add(
            words,
            number,
            _QUOTES,
            condition=condition,
            in_pipe=in_pipe,
            is_redirected=count > 0,
        )

    def _expanded(self, text: str) -> Value:
        parts: list[str | Value] = []
        end = 0
        for found in _EXPANSION.finditer(text):
            parts += [text[end : found.start()], self._expansion(found)]
            end = found.end()
        return Value.of(*parts, text[end:])

    def _expansion(self, found: re.Match[str]) -> Value:
        if found["percent"]:
            return Value(("%",))
        if found["argument"] and found["argument"] != "*":
            if self._called:
                return self._arguments.get(found["argument"], Value())
            return Value((Outer(found["argument"]),))
        name = found["name"] or found["delayed"]
        if name is None:
            return Value((Code(found[0]),))
        known = self._variables.get(name.upper())
        if found["part"]:
            if known is None and name.upper() in {e.name.upper() for e in self._script.undecided}:
                known = (name, Value((Outer(name),)))
            return Value((Code(found[0], (known,) if known else ()),))
        return Value.variable(*known) if known else Value((Outer(name),))


def _tested_variable(condition: Condition) -> str | None:
    """Return the variable of which a condition only tests whether it is set."""
    text = "" if condition.text is None else condition.text.plain
    found = re.fullmatch(
        r'(?i)if (?:defined (\w+)|not (?:"\$(\w+)"|\$(\w+)) ?== ?"")', re.sub(r"\s+", " ", text)
    )
    return next(filter(None, found.groups()), None) if found else None


def _unescaped(value: Value) -> Value:
    """Remove the carets that escape characters outside quotes."""
    atoms: list[Atom] = []
    is_quoted = escapes = False
    for atom in value.atoms:
        if atom == '"':
            is_quoted = not is_quoted
        if atom == "^" and not is_quoted and not escapes:
            escapes = True
            continue
        escapes = False
        atoms.append(atom)
    return Value(tuple(atoms))


def _commands(line: str) -> list[tuple[str, str]]:
    """Split a line into its commands, each with the operator after it."""
    found: list[tuple[str, str]] = []
    start = i = 0
    is_quoted = False
    while i < len(line):
        char = line[i]
        if char == '"':
            is_quoted = not is_quoted
        elif char == "^":
            i += 1
        elif char in "&|" and not is_quoted and line[i - 1 : i] != ">":
            operator = char * (2 if line[i + 1 : i + 2] == char else 1)
            found.append((line[start:i], operator))
            i += len(operator) - 1
            start = i + 1
        i += 1
    return [*found, (line[start:], "")]


def _block(text: str) -> tuple[str, bool, str]:
    """Return what follows a bracket: the block, whether it closes here, and what is after it."""
    depth = 0
    is_quoted = False
    for i, char in enumerate(text):
        if char == '"':
            is_quoted = not is_quoted
        elif not is_quoted and char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return text[1:i], True, text[i + 1 :]
    return text[1:], False, ""
