"""Decides what of a script may be printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields

from anaplan_sdk.cli.connect.arguments import interpret
from anaplan_sdk.cli.connect.script import Script
from anaplan_sdk.cli.connect.shells import Shell
from anaplan_sdk.cli.connect.steps import Run
from anaplan_sdk.cli.connect.values import Code, Outer, Start, Value
from anaplan_sdk.cli.failures import usage_error

# Names of variables, and words of queries, that a secret is near.
SECRET = re.compile(
    r"(?i)pass(?:w|_|phrase|$)|(?:^|_)pw$|pwd|secret|token|credential|identified\s+by"
)
# What has another form is not shown: options and pairs may contain a secret.
_CONDITION = re.compile(r"[\w .,/\\$%!=~\"'{}\[\]()*?+<>&|:#^-]{1,120}", re.ASCII)
_VALUE = re.compile(r'"?(?:[A-Za-z]:(?=[\\/]))?(?!-)(?:[\w.,/\\$%{}()~+-]| (?!-))*"?')


class Secrets:
    """The secrets of a script, and the variables that may contain one.

    Args:
        script: The script.
    """

    def __init__(self, script: Script) -> None:
        self._texts: set[str] = set()
        # Variables that the script alone does not decide, and that may contain a secret.
        self._names: set[str] = set()
        for call in script.calls:
            plan = interpret(call)
            self._texts |= plan.settings.secrets
            values = [getattr(plan.settings, each.name) for each in fields(plan.settings)]
            for step in plan.steps:
                if isinstance(step.work, Run):
                    values += step.work.connectors
            # What an argument is of a call that is not clear is not known.
            self._add_names(values if plan.steps else call.arguments)
        while True:
            count = len(self._names)
            for event in script.undecided:
                if event.name.upper() not in self._names:
                    continue
                for value in filter(None, (event.value, event.before)):
                    self._add_names([value])
                    literals = value.literals()
                    self._texts |= {text.rpartition(":")[2] for text in literals} - {"", "?"}
            if len(self._names) == count:
                return

    def _add_names(self, values: Iterable[object]) -> None:
        for value in values:
            for atom in value.atoms if isinstance(value, Value) else ():
                if isinstance(atom, Outer):
                    self._names.add(atom.name.upper())
                elif isinstance(atom, Code):
                    self._names |= {name.upper() for name in re.findall(r"\w+", atom.code)}
                    self._add_names(used for _, used in atom.uses)

    def are_in(self, text: str) -> bool:
        """Return whether a text contains a secret.

        Args:
            text: The text.

        Returns:
            Whether it does.
        """
        return any(secret in text for secret in self._texts)

    def are_in_value(self, value: Value) -> bool:
        """Return whether the value of a variable is a secret or contains one.

        Args:
            value: The value.

        Returns:
            Whether it does.
        """
        text = value.plain
        is_known = any(text == secret or f":{secret}" in text for secret in self._texts)
        # USER:PASSWORD, also where the script does not pass it as such.
        return is_known or re.search(r"@[\w.-]+:\S", text) is not None

    def allow_condition(self, value: Value, shell: Shell) -> bool:
        """Return whether a condition of the script may be shown.

        Args:
            value: The condition.
            shell: The shell that it is written for.

        Returns:
            Whether it may.
        """
        return self._allow(value, shell, _CONDITION)

    def allow_value(self, name: str, value: Value, shell: Shell) -> bool:
        """Return whether a possible value of a variable may be shown.

        Args:
            name: The variable.
            value: The value.
            shell: The shell that it is written for.

        Returns:
            Whether it may.
        """
        return not self._is_secret_name(name) and self._allow(value, shell, _VALUE)

    def _is_secret_name(self, name: str) -> bool:
        return name.upper() in self._names or SECRET.search(name) is not None

    def _allow(self, value: Value, shell: Shell, form: re.Pattern[str]) -> bool:
        shown = shell.shown(value)
        if form.fullmatch(shown) is None or SECRET.search(shown) or "@" in value.plain:
            return False
        if self.are_in(shown) or self.are_in_value(value):
            return False
        for atom in value.atoms:
            if isinstance(atom, Outer | Start) and self._is_secret_name(atom.name):
                return False
            if isinstance(atom, Code) and not atom.is_harmless:
                return False
        return True

    def require_none(self, text: str) -> None:
        """Check that the result contains no password, wherever the old script had it as well.

        Args:
            text: The result.

        Raises:
            CommandError: It contains one.
        """
        # A short one is also a part of other words.
        found = any(
            secret in text
            if len(secret) > 3
            else re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text)
            for secret in self._texts
        )
        if found or re.search(r"://[^/\s:@]+:[^/\s@]+@", text):
            raise usage_error(
                "The converted script would contain a password of the old one.",
                "The old script has it in another argument as well, such as a file name or a URL. "
                "Write something else there, and convert it again.",
            )
