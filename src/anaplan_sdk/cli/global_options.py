"""The options that every command takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

OutputFormat: TypeAlias = Literal["table", "json", "jsonl", "csv"]


class GlobalOptions(NamedTuple):
    """The options that every command takes, before and after its name."""

    profile: str | None = None
    workspace: str | None = None
    model: str | None = None
    output: OutputFormat | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    no_input: bool = False
    yes: bool = False

    def merged(self, given: Mapping[str, Any]) -> GlobalOptions:
        """Return the options with those of a later place on the command line.

        Args:
            given: The later options; None or False if not given.

        Returns:
            The options, of which the later ones take precedence.
        """
        return GlobalOptions(*(given[name] or getattr(self, name) for name in self._fields))
