"""A run store in memory, and how a process ends while it saves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """Stands for the end of the process."""


class MemoryRecord:
    """A store in memory, which may fail or end the process.

    Attributes:
        text: What is saved.
        saves: How often it was called.
        trouble: Called before a save, with the record.
    """

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.saves = 0
        self.trouble: Callable[[str | None], None] = lambda _: None

    def load(self) -> str | None:
        return self.text

    def save(self, value: str | None) -> None:
        self.saves += 1
        self.trouble(value)
        self.text = value

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.text or "{}")
        return fields


def kill_when(condition: Callable[[dict[str, Any]], bool]) -> Callable[[str | None], None]:
    def check(value: str | None) -> None:
        if value is not None and condition(json.loads(value)):
            raise Killed

    return check
