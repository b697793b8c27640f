"""Words on a terminal, which end their lines with whole words."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios

import pytest

from anaplan_sdk.cli.wording import fitting

WAIT = "'anaplan wait \"Load flights\" 32F1B0A8C2D94E7F'"


COLUMNS = 50


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"Run 32F1B0A8C2D94E7F goes on: {WAIT} waits for it.",
            f"Run 32F1B0A8C2D94E7F goes on:\n{WAIT}\nwaits for it.",
        ),
        # Only quotes around a command or a name join its words.
        (
            "The user's token can't be read, since the keyring's password is 'not known'.",
            "The user's token can't be read, since the\nkeyring's password is 'not known'.",
        ),
        (f"  {'x ' * 24}y", f"  {'x ' * 23}x\n  y"),
        (f"See https://example.com/{'a' * 50} now", f"See\nhttps://example.com/{'a' * 50}\nnow"),
        (f"a\n\nb {'- ' * 20}", f"a\n\nb {'- ' * 20}"),
        (f"'{'a name ' * 10}' is long", f"'{'a name ' * 6}a name\n{'a name ' * 3}' is long"),
    ],
)
def test_lines_are_broken_between_words(
    monkeypatch: pytest.MonkeyPatch, text: str, shown: str
) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        assert fitting(text) == shown


def test_lines_are_not_broken_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", nothing)
        assert fitting("word " * 100) == "word " * 100
