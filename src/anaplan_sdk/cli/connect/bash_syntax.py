"""Parts of the syntax of shell scripts: brackets, functions and tests."""

from __future__ import annotations

import re

from anaplan_sdk.cli.connect.script import CALL, Condition
from anaplan_sdk.cli.connect.values import Value

_TESTS = ("[", "[[", "test")
_FAILED = re.compile(r"\$\? (?:-ne|-gt|!=) 0\b|\$\? -ge 1\b")


def closing(text: str, start: int) -> int | None:
    """Return the index after the bracket that closes another one.

    Args:
        text: The script.
        start: The index of the bracket.

    Returns:
        The index; None if it is not closed.
    """
    pairs = {"(": ")", "{": "}"}
    open_ones = [pairs[text[start]]]
    i = start + 1
    while i < len(text) and open_ones:
        char = text[i]
        if char == "\\":
            i += 1
        elif char == open_ones[-1]:
            open_ones.pop()
        elif open_ones[-1] != '"' and char == "'":
            end = text.find("'", i + 1)
            i = len(text) if end < 0 else end
        elif char == '"':
            open_ones.append('"')
        elif char in pairs and (open_ones[-1] != '"' or text[i - 1] == "$"):
            open_ones.append(pairs[char])
        i += 1
    return None if open_ones else i


def tested(words: list[Value]) -> bool | None:
    """Return the result of a test, as far as the script shows it.

    Args:
        words: The words of the command.

    Returns:
        The result; None if it is no test, or if it depends on more than the script.
    """
    if words[0].plain not in _TESTS or not all(word.is_known for word in words):
        return None
    arguments = [word.plain for word in words[1:] if word.plain not in ("]", "]]")]
    if words[0].plain == "[[" and any(re.search(r"[*?\[]", text) for text in arguments):
        return None  # A pattern.
    is_negated = arguments[:1] == ["!"]
    result: bool | None = None
    match arguments[is_negated:]:
        case [text] | ["-n", text]:
            result = bool(text)
        case ["-z", text]:
            result = not text
        case [left, "=" | "==", right]:
            result = left == right
        case [left, "!=", right]:
            result = left != right
        case _:
            pass
    return result if result is None else result is not is_negated


def condition_of(words: list[Value], line: int, *, is_negated: bool) -> Condition:
    """Return a command as a condition of others.

    Args:
        words: Its words.
        line: Its line.
        is_negated: Whether an exclamation mark is before it.

    Returns:
        The condition. Only a test is shown: other commands may contain a secret.
    """
    plain = " ".join(word.plain for word in words)
    is_failure = bool(CALL.search(plain) if is_negated else _FAILED.search(plain))
    text = None
    if words and words[0].plain in _TESTS:
        text = Value.of("! " if is_negated else "", *(Value.of(word, " ") for word in words[:-1]))
        text = Value.of(text, words[-1])
    return Condition(line, text, is_failure)


def tested_variable(condition: Condition) -> str | None:
    """Return the variable of which a condition only tests whether it is set.

    Args:
        condition: The condition.

    Returns:
        The variable; None if the condition is another one.
    """
    text = "" if condition.text is None else condition.text.plain
    found = re.fullmatch(r"if \[\[? (?:-n )?\$(\w+) \]\]?", text)
    return found[1] if found else None


def body(text: str, start: int) -> int | None:
    """Return where the body of a function ends.

    Args:
        text: The script.
        start: The index of its opening brace.

    Returns:
        The index of the closing brace; None if it is not found.
    """
    line = text[text.rfind("\n", 0, start) + 1 : start]
    indent = line[: len(line) - len(line.lstrip())]
    rest = text[start : text.find("\n", start)]
    if rest.strip() in ("{", "") or "#" in rest:
        found = re.compile(rf"^{indent}\}}", re.MULTILINE).search(text, start)
        return found.end() - 1 if found else None
    end = closing(text, start)
    return None if end is None else end - 1
