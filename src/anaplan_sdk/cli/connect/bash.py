"""Reads shell scripts."""

from __future__ import annotations

import re

from anaplan_sdk.cli.connect.bash_syntax import body, condition_of, tested, tested_variable
from anaplan_sdk.cli.connect.bash_words import ASSIGNMENT, NAME, QUOTES, WordReader
from anaplan_sdk.cli.connect.branches import Branches
from anaplan_sdk.cli.connect.script import CALL, Condition, End, Script, Undecided
from anaplan_sdk.cli.connect.values import Outer, Value

_DECLARING = ("export", "local", "readonly", "declare", "typeset")
_OPERATOR = re.compile(r"&&|\|\||;;|\|&")


def read_bash(text: str) -> Script:
    """Read a shell script.

    Args:
        text: Its text.

    Returns:
        What it does.
    """
    script = Script()
    _Reader(text, script, {}, {}).read(1)
    return script


class _Reader(WordReader):
    def __init__(
        self,
        text: str,
        script: Script,
        variables: dict[str, Value],
        functions: dict[str, tuple[str, int]],
        around: Condition | None = None,
    ) -> None:
        super().__init__(text, script, variables)
        # The bodies of functions, with their first lines.
        self._functions = functions
        self._branches = Branches(around)
        # The result of the previous command, as far as it is known, and that command.
        self._status: bool | None = None
        self._previous = Condition(1)
        # Whether a failure of the previous command ends the converted script.
        self._ends_on_failure = False
        self._is_over = self._has_exited = False
        self._in_pipe = self._is_redirected = False
        self._groups = 0
        # What the cases around compare.
        self._case: list[Value] = []
        self._operator = ""
        self._heredocs: list[str] = []

    def read(self, first_line: int) -> None:
        line = self._first_line = first_line
        while self._at < len(self._text) and not self._is_over:
            if not self._words:
                line = self._line()
            char = self._text[self._at]
            if char == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif char in "\n;&|()":
                self._end_command(line)
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif char.isspace():
                self._at += 1
            elif not self._redirection():
                self._words += self._word()
        if not self._is_over:
            self._finish(line)

    def _end_command(self, line: int) -> None:
        """Handle the command before an operator, and note the operator."""
        found = _OPERATOR.match(self._text, self._at)
        operator = found[0] if found else self._text[self._at]
        if operator == "(" and self._words and self._text.startswith("()", self._at):
            self._at += 2
            self._function(self._words[-1].plain)
            return
        if operator == ")" and self._case and not self._groups and self._pattern(line):
            return
        if not self._words and operator == "\n" and self._operator in ("&&", "||", "|"):
            operator = self._operator  # The command continues on the next line.
            self._at += 1
            return
        self._finish(line, keeps_operator=operator == "(")
        self._at += len(operator)
        if operator == "(":
            self._begin_group(line)
            return
        if operator == ")" and self._groups:
            self._groups -= 1
            self._branches.end()
        self._operator = operator
        self._in_pipe = operator in ("|", "|&")
        if operator == "\n" and self._heredocs:
            for tag in self._heredocs:
                end = re.compile(rf"^\t*{re.escape(tag)}$", re.MULTILINE).search(
                    self._text, self._at
                )
                self._at = end.end() if end else len(self._text)
            self._heredocs.clear()

    def _begin_group(self, line: int) -> None:
        self._groups += 1
        runs, condition = self._dependence()
        self._branches.begin(condition or Condition(line), runs)
        self._operator = ""

    def _pattern(self, line: int) -> bool:
        """Handle the pattern of a case, before which the words of the case may be."""
        words = self._words
        pattern = words[-1] if words else Value()
        if len(words) > 1 and words[0].plain == "case":
            self._finish(line)
        elif len(words) > 1 and words[0].plain not in ("in", ";;"):
            return False
        self._words.clear()
        before = self._case[-1] if self._case else Value()
        if self._in_pipe:
            pattern = Value.of("...|", pattern)
        self._branches.name(Condition(line, Value.of("case ", before, ": ", pattern)))
        self._at += 1
        self._operator = ""
        self._in_pipe = False
        return True

    def _function(self, name: str) -> None:
        """Keep the body of a function until it is called."""
        self._words.clear()
        start = re.compile(r"\s*").match(self._text, self._at)
        opening = start.end() if start else self._at
        end = body(self._text, opening) if self._text[opening : opening + 1] == "{" else None
        if end is not None:
            line = self._first_line + self._text.count("\n", 0, opening)
            self._functions[name] = (self._text[opening + 1 : end], line)
            self._at = end + 1
        else:
            # Where it ends is not known: what follows may belong to it.
            self._branches.begin(Condition(self._line(), Value.of(f"function {name}")))

    def _dependence(self) -> tuple[bool | None, Condition | None]:
        """Return whether the operator before lets the command run, and on what that depends."""
        if self._operator not in ("&&", "||"):
            return True, None
        is_or = self._operator == "||"
        status = self._status
        if status is not None:
            return status is not is_or, None
        if is_or:
            before = self._previous.text
            text = None if before is None else Value.of("if not ", before)
            return None, Condition(self._previous.line, text, self._ends_on_failure)
        before = self._previous.text
        text = None if before is None else Value.of("if ", before)
        return None, Condition(self._previous.line, text, self._previous.is_failure)

    def _finish(self, line: int, *, keeps_operator: bool = False) -> None:
        words, self._words = self._words, []
        nested, self._nested = self._nested, []
        is_redirected, self._is_redirected = self._is_redirected, False
        if not words:
            return
        runs, condition = self._dependence()
        operator = self._operator
        if not keeps_operator:
            self._operator = ""
        around = None if runs is True else (runs, condition or Condition(line))
        rest = self._without_keywords(words, line, around)
        if rest is not words:
            operator, runs, condition = "", True, None
        words = rest
        is_negated = bool(words) and words[0].plain == "!"
        words = words[is_negated:]
        if self._branches.are_skipped or runs is False:
            return
        condition = condition or self._branches.unknown
        for code, first in nested:
            inside = dict(self._variables)
            _Reader(code, self._script, inside, self._functions, condition).read(first)
        if not words:
            return
        self._take_result(words, line, operator, runs, is_negated=is_negated)
        words = self._without_assignments(words, line, condition)
        if words:
            self._command(words, line, condition, is_redirected=is_redirected)

    def _take_result(
        self, words: list[Value], line: int, operator: str, runs: bool | None, *, is_negated: bool
    ) -> None:
        """Keep the result of a command, on which the next one may depend."""
        status = tested(words) if runs is True else None
        self._status = not status if is_negated and status is not None else status
        before = self._previous
        self._previous = condition_of(words, line, is_negated=is_negated)
        function, _ = self._functions.get(words[0].plain, ("", 0))
        if is_negated and CALL.search(function):
            self._previous = Condition(line, None, is_failure=True)
        self._branches.decide(self._status, self._previous, operator)
        if operator == "&&" and before.text is not None and self._previous.text is not None:
            joined = Value.of(before.text, " && ", self._previous.text)
            self._previous = Condition(line, joined)

    def _command(
        self, words: list[Value], line: int, condition: Condition | None, *, is_redirected: bool
    ) -> None:
        name = words[0].plain
        if name in ("exit", "return"):
            if condition is None:
                self._is_over = True
                self._has_exited = name == "exit"
            elif not condition.is_failure:
                self._script.events.append(End(line, condition))
        elif name in self._functions:
            self._call(name, words[1:], condition)
            self._ends_on_failure = CALL.search(self._functions[name][0]) is not None
        else:
            self._ends_on_failure = self._script.add(
                words,
                line,
                QUOTES,
                condition=condition,
                in_pipe=self._in_pipe,
                is_redirected=is_redirected,
            )

    def _call(self, name: str, arguments: list[Value], condition: Condition | None) -> None:
        """Read the body of a function with its arguments."""
        text, line = self._functions[name]
        outer = {key: value for key, value in self._variables.items() if key.isdigit()}
        given = {str(i): argument.expanded() for i, argument in enumerate(arguments, 1)}
        # A function that calls itself is not read again.
        functions = {key: each for key, each in self._functions.items() if key != name}
        for key in outer:
            self._variables.pop(key)
        self._variables.update(given)
        reader = _Reader(text, self._script, self._variables, functions, condition)
        reader._in_function = True
        reader.read(line)
        self._is_over = self._has_exited = reader._has_exited
        for key in given:
            self._variables.pop(key, None)
        self._variables.update(outer)

    def _without_keywords(
        self, words: list[Value], line: int, around: tuple[bool | None, Condition] | None
    ) -> list[Value]:
        while words:
            rest = self._without_keyword(words, line, around)
            if rest is words:
                break
            words, around = rest, None
        return words

    def _without_keyword(
        self, words: list[Value], line: int, around: tuple[bool | None, Condition] | None
    ) -> list[Value]:
        """Handle a keyword at the start of a command, and return the words after it."""
        branches, keyword = self._branches, words[0].plain
        match keyword:
            case "if" | "while" | "until":
                start = Condition(line, Value.of("if" if keyword == "if" else f"{keyword} loop"))
                branches.begin(start, in_condition=keyword == "if", around=around)
            case "elif":
                branches.begin_other_condition()
            case "then" | "do":
                branches.begin_body()
            case "else":
                branches.begin_other_body()
            case "{":
                branches.begin(Condition(line), True, around=around)
            case "fi" | "done" | "esac" | "}":
                if keyword == "esac":
                    del self._case[-1:]
                branches.end()
                self._status, self._previous = None, Condition(line)
            case "for" | "select" | "case" | "function":
                self._begin_block(words, line, around)
                return []
            case _:
                return words
        return words[1:]

    def _begin_block(
        self, words: list[Value], line: int, around: tuple[bool | None, Condition] | None
    ) -> None:
        """Begin what has a name or a value before its body."""
        keyword, name = words[0].plain, words[1] if len(words) > 1 else Value()
        if keyword == "function":
            if words[2:]:  # The brace has been read.
                self._at = self._text.rindex("{", 0, self._at)
            self._function(name.plain)
            return
        text = Value.of(words[0], *(part for word in words[1:] for part in (" ", word)))
        self._branches.begin(Condition(line, text), around=around)
        if keyword == "case":
            self._case.append(name)
        else:
            self._set(name.plain, None, line, self._branches.unknown)

    def _without_assignments(
        self, words: list[Value], line: int, condition: Condition | None
    ) -> list[Value]:
        declares = words[0].plain in _DECLARING
        rest = words[1:] if declares else words
        while rest:
            name, value = rest[0].partition("=")
            plain = name.plain
            if value is not None and ASSIGNMENT.fullmatch(f"{plain}="):
                added = plain.endswith("+")
                plain = plain.rstrip("+")
                before = self._variables.get(plain, Value((Outer(plain),))) if added else Value()
                self._set(plain, Value.of(before, value), line, condition)
            elif not declares:
                break
            rest = rest[1:]
        if words[0].plain == "read":
            for word in words[1:]:
                if NAME.fullmatch(word.plain):
                    self._set(word.plain, None, line, condition)
        return [] if declares else rest

    def _set(self, name: str, value: Value | None, line: int, condition: Condition | None) -> None:
        """Set a variable; one that is set under a condition has no known value afterwards."""
        before = self._variables.get(name)
        if condition is None and value is not None:
            self._variables[name] = value
            return
        tested = None if condition is None else tested_variable(condition)
        if tested and value is not None and before is None and Outer(tested) in value.atoms:
            # The new script requires the tested variable, so that the condition is fulfilled.
            self._variables[name] = value
            self._script.events.append(Undecided(tested, line))
            return
        self._variables.pop(name, None)
        self._script.events.append(Undecided(name, line, value, before, condition))

    def _redirection(self) -> bool:
        found = re.compile(r"\d*(<<-?|>>|>&|<&|&>|>|<)[ \t]*").match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        target = self._word()
        if found[1].startswith("<<"):
            self._heredocs += [target[0].plain if target else ""]
        else:
            self._is_redirected = True
        return True
