"""Reads the words of shell scripts."""

from __future__ import annotations

import re

from anaplan_sdk.cli.connect.bash_syntax import closing
from anaplan_sdk.cli.connect.script import CALL, Script, unclosed
from anaplan_sdk.cli.connect.values import Atom, Code, Outer, Value, split_quoted

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=")
NAME = re.compile(r"[A-Za-z_]\w*|[0-9]")
QUOTES = "\"'"
_ARRAY = re.compile(r'"?\$\{([A-Za-z_]\w*)\[[@*]\]\}"?')


class WordReader:
    """Reads words at a place in a script.

    Args:
        text: The script.
        script: What has been read of it.
        variables: The variables that are set, with their values.
    """

    def __init__(self, text: str, script: Script, variables: dict[str, Value]) -> None:
        self._script = script
        self._variables = variables
        self._text = re.sub(r"\r\n?", "\n", text)
        self._at = 0
        self._first_line = 1
        self._in_function = False
        self._words: list[Value] = []
        # Code of substitutions in the command, with their lines.
        self._nested: list[tuple[str, int]] = []

    def _line(self) -> int:
        return self._first_line + self._text.count("\n", 0, self._at)

    def _word(self) -> list[Value]:
        """Read a word; an unquoted variable may yield several."""
        words: list[Value] = []
        atoms: list[Atom] = []
        has_begun = False
        is_assignment = ASSIGNMENT.match(self._text, self._at) is not None
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "(" and is_assignment and atoms[-1:] == ["="]:
                atoms += self._array()
                continue
            if char.isspace() or char in ";&|()<>":
                break
            if _ARRAY.match(self._text, self._at) or char in "$`":
                parts = self._unquoted(is_assignment=is_assignment)
                if len(parts) > 1:
                    words += [Value.of(Value(tuple(atoms)), parts[0]), *parts[1:-1]]
                    atoms = []
                for part in parts[-1:]:
                    atoms += part.atoms
                # An empty variable is no word.
                has_begun = has_begun or any(parts)
            else:
                has_begun = True
                atoms += self._literal(char)
        return [*words, Value(tuple(atoms))] if has_begun else words

    def _literal(self, char: str) -> list[Atom]:
        """Read a part of a word that is no variable."""
        if char == '"':
            self._at += 1
            return self._double_quoted()
        if char == "'":
            end = self._text.find("'", self._at + 1)
            if end < 0:
                raise unclosed(self._line())
            text = self._text[self._at + 1 : end]
            self._at = end + 1
        elif char == "\\":
            text = self._text[self._at + 1 : self._at + 2].replace("\n", "")
            self._at += 2
        else:
            text = char
            self._at += 1
        return list(text)

    def _unquoted(self, *, is_assignment: bool) -> list[Value]:
        """Read a variable without quotes, or an array, whose words are quoted where it is set."""
        array = _ARRAY.match(self._text, self._at)
        if array and array[1] in self._variables:
            self._at = array.end()
            return split_quoted(self._variables[array[1]], QUOTES)
        if array and array[0].startswith('"'):
            return [Value(tuple(self._literal('"')))]
        return self._split(self._expansion(), is_assignment=is_assignment)

    def _split(self, value: Value, *, is_assignment: bool) -> list[Value]:
        """Split the value of an unquoted variable into words."""
        if is_assignment or not value:
            return [value]
        # Arguments of `eval` are split by it once more, which takes care of the quotes. Elsewhere
        # quotes have no effect in bash, but were meant to have one.
        is_eval = bool(self._words) and self._words[0].plain == "eval"
        return split_quoted(value, "" if is_eval else QUOTES)

    def _array(self) -> list[Atom]:
        """Read the words of an array as one text, in which they are quoted."""
        line = self._line()
        self._at += 1
        atoms: list[Atom] = []
        while True:
            if self._at >= len(self._text):
                raise unclosed(line)
            if self._text[self._at] == ")":
                self._at += 1
                return atoms
            if self._text[self._at].isspace():
                self._at += 1
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif found := self._word():
                for word in found:
                    quote = '"' if "'" in word.atoms else "'"
                    atoms += [quote, *word.atoms, quote, " "]
            else:
                self._at += 1

    def _double_quoted(self) -> list[Atom]:
        atoms: list[Atom] = []
        line = self._line()
        while True:
            if self._at >= len(self._text):
                raise unclosed(line)
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return atoms
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`"):
                atoms.append(self._text[self._at + 1])
                self._at += 2
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif char in "$`":
                atoms += self._expansion().atoms
            else:
                atoms.append(char)
                self._at += 1

    def _expansion(self) -> Value:
        """Read what begins with a dollar sign or a backquote."""
        text, start = self._text, self._at
        if text[start] == "`":
            end = text.find("`", start + 1)
            if end < 0:
                raise unclosed(self._line())
            self._at = end + 1
            return self._code(f"$({text[start + 1 : self._at - 1]})")
        if text.startswith("$(", start) or text.startswith("${", start):
            after = closing(text, start + 1)
            if after is None:
                raise unclosed(self._line())
            self._at = after
            code = text[start : self._at]
            plain = re.fullmatch(r"\$\{([A-Za-z_]\w*|\d)(?::?[-=?]([^{}$`\"']*))?\}", code)
            if plain is None:
                return self._code(code)
            known = self._variables.get(plain[1])
            if known is not None and (known or plain[2] is None):
                return self._variable(plain[1])
            return self._variable(plain[1]) if plain[2] is None else self._code(code)
        name = NAME.match(text, start + 1)
        if name is None:
            is_special = text[start + 1 : start + 2] in ("@", "*", "#", "?", "$", "!", "-")
            self._at = start + 1 + is_special
            return self._code(text[start : self._at]) if is_special else Value(("$",))
        self._at = name.end()
        return self._variable(name[0])

    def _variable(self, name: str) -> Value:
        known = self._variables.get(name)
        if self._in_function and name.isdigit() and name != "0":
            return known or Value()
        return Value((Outer(name),)) if known is None else Value.variable(name, known)

    def _code(self, code: str) -> Value:
        if code.startswith("$(") and CALL.search(code):
            self._nested.append((code[2:-1], self._line()))
        names = dict.fromkeys(re.findall(r"\$\{?([A-Za-z_]\w*)", code))
        undecided = {each.name for each in self._script.undecided}
        uses = tuple(
            (name, self._variables.get(name, Value((Outer(name),))))
            for name in names
            if name in self._variables or name in undecided
        )
        return Value((Code(code, uses),))
