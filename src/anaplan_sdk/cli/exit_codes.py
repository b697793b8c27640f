"""The exit codes of the command, in one table."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What happened, for scripts. `docs/reference/command.md` lists the same table."""

    short: str
    """What happened in a few words, for the help; empty for a code that shells know."""

    def __new__(cls, value: int, description: str, short: str = "") -> Self:
        """Create a code with its descriptions."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.__doc__ = description
        code.short = short
        return code

    DONE = 0, "Done.", "done"
    FAILED = 1, "An error that no other code describes.", "failed"
    USAGE = 2, "The command line or a setting is not valid; nothing was sent for it.", "not valid"
    RUN_FAILED = 3, "Anaplan ran it, and it failed or was cancelled.", "the run failed"
    SIGN_IN = 4, "Signing in failed, or the user lacks a permission.", "sign-in or permission"
    NOT_FOUND = 5, "A name or an id was not found, or a name is ambiguous.", "not found"
    ROWS_REFUSED = (
        6,
        "Done, but Anaplan refused more rows than `--allow-refused` allows.",
        "rows refused",
    )
    OUTCOME_UNKNOWN = (
        7,
        "It is unknown what was done: check before you repeat the command.",
        "unknown",
    )
    STILL_RUNNING = (
        8,
        "The run had not ended within `--timeout`; it continues at Anaplan.",
        "still running",
    )
    UNREACHABLE = (
        9,
        "Anaplan could not be reached or was busy: the command can be repeated.",
        "try again",
    )
    HUNG_UP = 129, "Interrupted by SIGHUP, such as by closing the terminal."
    INTERRUPTED = 130, "Interrupted with Ctrl-C."
    OUTPUT_CLOSED = 141, "The program that read the output stopped reading, such as `head`."
    TERMINATED = 143, "Interrupted by SIGTERM, such as by `kill` or `timeout`."
