"""What a script does, in order, as far as the conversion needs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeAlias

from anaplan_sdk.cli.connect.values import Value, split_quoted
from anaplan_sdk.cli.failures import CommandError, usage_error

CALL = re.compile(r"(?i)anaplanclient|com\.anaplan\.client|anaplan-?connect[\w.-]*\.jar")
_CLIENT = re.compile(r"(?i)(?:^|[/\\])anaplanclient(?:\.sh|\.bat|\.cmd)?$")
_PROGRAM = re.compile(r"(?i)^com\.anaplan\.client\.Program$|anaplan-?connect[\w.-]*\.jar$")
# Commands that name the client without running it.
_NO_RUN = (
    "[", "[[", "test", "echo", "printf", "ls", "dir", "cp", "copy", "mv", "move", "rm",
    "del", "chmod", "chown", "find", "grep", "findstr", "cat", "type", "which", "where",
    "command", "touch", "if", "rem", "title",
)  # fmt: skip
# Commands of which a converted script has its own, or needs none.
_SETUP = (
    "[", "[[", "test", "echo", "printf", "exit", "pause", "setlocal", "endlocal", "cls",
    "title", "set", "export", "unset", "shift", "chcp", "color", "goto", ":", "true",
    "false", "return", "umask", "trap", "break", "continue",
)  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """What decides whether a command is run, or how often: a condition or a loop.

    Attributes:
        line: Its line.
        text: Its text; None if that may contain a secret.
        is_failure: Whether it is fulfilled if the command before it has failed.
    """

    line: int
    text: Value | None = None
    is_failure: bool = False


@dataclass(frozen=True)
class Call:
    """A call of Anaplan Connect.

    Attributes:
        line: Its line in the script.
        arguments: Its arguments.
        condition: The condition or the loop that it depends on.
        in_pipe: Whether it reads the output of another command.
        is_redirected: Whether the script redirects its output.
    """

    line: int
    arguments: tuple[Value, ...]
    condition: Condition | None = None
    in_pipe: bool = False
    is_redirected: bool = False


@dataclass(frozen=True)
class ChangeFolder:
    """A change of the working folder.

    Attributes:
        folder: The folder.
        line: Its line.
        condition: The condition or the loop that it depends on.
    """

    folder: Value
    line: int
    condition: Condition | None = None


@dataclass(frozen=True)
class Undecided:
    """A variable whose value the script alone does not decide.

    Attributes:
        name: The variable.
        line: The line that sets it.
        value: The value that it may have; None if it is not known.
        before: The value that it had before, if any.
        condition: The condition or the loop that it depends on; None if it is an input.
    """

    name: str
    line: int
    value: Value | None = None
    before: Value | None = None
    condition: Condition | None = None


@dataclass(frozen=True)
class End:
    """A place at which the script may end.

    Attributes:
        line: Its line.
        condition: The condition that it depends on.
    """

    line: int
    condition: Condition


Event: TypeAlias = "Call | ChangeFolder | Undecided | End"


@dataclass
class Script:
    """What was read from a script.

    Attributes:
        events: Calls of Anaplan Connect, and what matters for them.
        others: The lines with other commands. A part of a secret can look like their name.
    """

    events: list[Event] = field(default_factory=list[Event])
    others: list[int] = field(default_factory=list[int])

    @property
    def calls(self) -> list[Call]:
        """The calls of Anaplan Connect."""
        return [event for event in self.events if isinstance(event, Call)]

    @property
    def undecided(self) -> list[Undecided]:
        """The variables that the script alone does not decide."""
        return [event for event in self.events if isinstance(event, Undecided)]

    def add(
        self,
        words: Sequence[Value],
        line: int,
        quotes: str,
        *,
        condition: Condition | None,
        in_pipe: bool,
        is_redirected: bool,
    ) -> bool:
        """Record a command.

        Args:
            words: Its words.
            line: Its line.
            quotes: The characters that quote in the script.
            condition: The condition or the loop that it depends on.
            in_pipe: Whether it reads the output of another command.
            is_redirected: Whether the script redirects its output.

        Returns:
            Whether a failure of the command ends the converted script.
        """
        words = _unwrapped(list(words), quotes)
        if not words:
            return False
        name = command_name(words[0].plain).lower()
        start = None if name in _NO_RUN else _arguments_of_client(words)
        if start is not None:
            arguments = tuple(words[start:])
            self.events.append(Call(line, arguments, condition, in_pipe, is_redirected))
            return True
        if name in ("cd", "chdir", "pushd"):
            folders = [word for word in words[1:] if word.plain.lower() != "/d"]
            if folders:
                self.events.append(ChangeFolder(folders[0], line, condition))
            return True
        if name not in _SETUP and line not in self.others:
            self.others.append(line)
        return name == "setlocal"


def unclosed(line: int) -> CommandError:
    """Return the error for a script whose quotes or brackets do not match.

    Args:
        line: The line at which that is noticed.

    Returns:
        The error. Nothing of the script is shown: a secret could be anywhere in it.
    """
    return usage_error(
        f"A quotation mark or bracket on line {line} of the script is not closed.",
        "Correct the script first. Nothing of it is shown, since it contains passwords.",
    )


def command_name(word: str) -> str:
    """Return the name of a command without its folder.

    Args:
        word: The command as it is called.

    Returns:
        The name.
    """
    path = PureWindowsPath(word) if "\\" in word else PurePosixPath(word)
    return re.sub(r"(?i)\.(?:exe|cmd)$", "", path.name) or word


def _unwrapped(words: list[Value], quotes: str) -> list[Value]:
    """Return the command that another command is given to run."""
    while words:
        is_eval = False
        match [command_name(words[0].plain).lower(), *(word.plain.lower() for word in words[1:2])]:
            case ["eval" | "exec" | "call" | "nohup" | "time" | "sudo" | "command" | "start", *_]:
                is_eval = words.pop(0).plain == "eval"
            case ["sh" | "bash" | "ksh" | "zsh" | "dash", "-c" | "-ec" | "-lc"]:
                words, is_eval = words[2:3], True
            case ["cmd", "/c" | "/k"]:
                # Its quotes are those of this line, unless all of it is in quotes.
                words = words[2:]
                is_eval = len(words) == 1
            case ["sh" | "bash" | "ksh" | "zsh" | "dash", *_] if len(words) > 1:
                words = words[1:]
            case _:
                # A single word that contains a whole command line is run by no shell.
                return words
        if is_eval:
            joined = Value.of(*(part for word in words for part in (word, " ")))
            words = split_quoted(joined, quotes)
    return words


def _arguments_of_client(words: Sequence[Value]) -> int | None:
    """Return the index after the program Anaplan Connect; None if it is not called."""
    is_java = command_name(words[0].plain).lower() in ("java", "javaw", "$java")
    is_java = is_java or any(word.plain in ("-cp", "-classpath", "-jar") for word in words)
    for i, word in enumerate(words):
        if _CLIENT.search(word.plain) and (i == 0 or not is_java):
            return i + 1
        previous = words[i - 1].plain if i else ""
        if is_java and _PROGRAM.search(word.plain) and previous not in ("-cp", "-classpath"):
            return i + 1
    return None
