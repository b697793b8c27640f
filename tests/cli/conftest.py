"""The command against an emulator: in this process, in one of its own, and in a terminal."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import keyring
import pyte
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyrings.alt.file import PlaintextKeyring

from anaplan_emulator import Emulator
from anaplan_sdk.cli import run

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Runs the command as its entry point does, whatever is on PATH.
PROGRAM = (
    sys.executable,
    "-c",
    # A script that runs the tests in its background has them ignore Ctrl-C.
    (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from anaplan_sdk.cli import main; main()"
    ),
)


@dataclass(frozen=True)
class Result:
    """What a run of the command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command: TypeAlias = "Callable[..., Result]"


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    """An emulator in its first state."""
    shared_emulator.reset()
    return shared_emulator


@pytest.fixture
def home(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, which is also the working folder, and variables for the emulator."""
    for name in list(os.environ):
        if name.startswith(("ANAPLAN_", "XDG_")) or name in ("NO_COLOR", "COLUMNS", "LINES"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANAPLAN_BASE_URL", emulator.base_url)
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", emulator.user_email)
    monkeypatch.setenv("ANAPLAN_PASSWORD", emulator.password)
    monkeypatch.setenv("ANAPLAN_WORKSPACE_ID", str(emulator.workspace_id))
    monkeypatch.setenv("ANAPLAN_MODEL_ID", str(emulator.model_id))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class _Screen(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def ctrl_c_when(condition: Callable[[], object]) -> Generator[None]:
    """Press Ctrl-C in this process as soon as a condition holds. The block must wait for it."""

    def press() -> None:
        end = time.monotonic() + 20
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def anaplan(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Runs the command in this process, which is fast; nothing is a terminal, or all is."""
    assert home.is_dir()
    logger = logging.getLogger("anaplan_sdk")
    before = logger.handlers, logger.level, warnings.showwarning

    def run_here(*arguments: str, stdin: str | bytes = b"", on_terminal: bool = False) -> Result:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        stream = _Screen if on_terminal else io.TextIOWrapper
        buffers = io.BytesIO(), io.BytesIO()
        out, err = stream(buffers[0]), stream(buffers[1])
        with monkeypatch.context() as patch:
            if on_terminal:
                patch.setenv("COLUMNS", "80")
                patch.setenv("TERM", "dumb")  # No escape sequences.
            patch.setattr(sys, "stdin", stream(io.BytesIO(content)))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = run(arguments)
            out.flush()
            err.flush()
        written = [buffer.getvalue().decode() for buffer in buffers]
        return Result(code, *written)

    yield run_here
    logger.handlers, warnings.showwarning = before[0], before[2]
    logger.setLevel(before[1])


@pytest.fixture
def ring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaintextKeyring]:
    """A keyring in the home folder, for this process and those that it starts."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    before, backend = keyring.get_keyring(), PlaintextKeyring()
    backend.file_path = str(home / ".local/share/python_keyring/keyring_pass.cfg")
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    """A machine without a keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def shell(home: Path) -> Command:
    """Runs a line of bash, in which `anaplan` is the command."""

    def run_shell(line: str, stdin: str = "", timeout: float = 60) -> Result:
        program = " ".join(f"'{part}'" for part in PROGRAM)
        done = subprocess.run(
            ["bash", "-c", f'anaplan() {{ {program} "$@"; }}\n{line}'],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=home,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run_shell


class Screen:
    """A terminal: what it shows, and the side of it that a program uses.

    Attributes:
        device: The file of the terminal, for a program.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, self.device = os.openpty()
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.device, termios.TIOCSWINSZ, size)

    def close(self) -> None:
        os.close(self._ours)

    def read(self, timeout: float) -> bool:
        """Show what has been written; return whether a program still has the terminal open."""
        if not select.select([self._ours], [], [], timeout)[0]:
            return True
        try:
            written = os.read(self._ours, 65536)
        except OSError:  # Linux reports the end of the output by this error.
            return False
        self._stream.feed(written)
        return bool(written)

    @property
    def text(self) -> str:
        """What is shown, with what has been scrolled out at the top."""
        above = [self._line(row) for row in self._screen.history.top]
        return "\n".join([*above, *(line.rstrip() for line in self._screen.display)]).rstrip()

    def _line(self, row: Any) -> str:
        return "".join(row[x].data for x in range(self._screen.columns)).rstrip()


class Terminal(Screen):
    """A program in a terminal of its own, with a keyboard."""

    def __init__(self, line: tuple[str, ...], columns: int, lines: int, cwd: Path) -> None:
        super().__init__(columns, lines)
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
        # So that Ctrl-C on the keyboard reaches the program.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *line],
            stdin=self.device,
            stdout=self.device,
            stderr=self.device,
            cwd=cwd,
            env=environ,
        )
        os.close(self.device)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        super().close()

    def type(self, text: str) -> None:
        """Type on the keyboard: a line ends with a newline, Ctrl-C is `\\x03`."""
        if "\x03" in text:
            self._wait_until_asleep()
        os.write(self._ours, text.encode())

    def _wait_until_asleep(self, timeout: float = 5) -> None:
        """Wait until the program waits: Python misses an interrupt just before it reads."""
        state = Path(f"/proc/{os.tcgetpgrp(self._ours)}/stat")
        end = time.monotonic() + timeout
        with suppress(OSError):  # It has ended, or this is another system.
            while ") S " not in state.read_text() and time.monotonic() < end:
                time.sleep(0.01)

    def wait_for(self, text: str, timeout: float = 30) -> None:
        """Wait until the terminal shows a text."""
        end = time.monotonic() + timeout
        while text not in self.text:
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError(f"{text!r} is not shown:\n{self.text}")

    def finish(self, timeout: float = 60) -> int:
        """Wait for the end of the program, and return its exit code."""
        end = time.monotonic() + timeout
        while self.read(0.2):
            assert time.monotonic() < end, f"The program has not ended:\n{self.text}"
        return self.process.wait(5)


OpenTerminal: TypeAlias = "Callable[..., Terminal]"


@pytest.fixture
def terminal(home: Path) -> Iterator[OpenTerminal]:
    """Opens a terminal in which the command runs."""
    opened: list[Terminal] = []

    def open_terminal(
        *arguments: str,
        columns: int = 80,
        lines: int = 50,
        program: tuple[str, ...] = PROGRAM,
    ) -> Terminal:
        opened.append(Terminal((*program, *arguments), columns, lines, home))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


Shown: TypeAlias = "Callable[..., str]"


@pytest.fixture
def shown(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Runs the command in this process, with a terminal for stdout and stderr, and returns what
    that shows."""

    def show(*arguments: str, columns: int) -> str:
        screen = Screen(columns, 100)

        def drain() -> None:
            while screen.read(0.05):
                pass

        reader = threading.Thread(target=drain)
        reader.start()
        with monkeypatch.context() as patch, os.fdopen(screen.device, "w", encoding="utf-8") as tty:
            patch.setenv("COLUMNS", str(columns))
            patch.setenv("TERM", "xterm-256color")
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            patch.setattr(sys, "stdout", tty)
            patch.setattr(sys, "stderr", tty)
            run(arguments)
        reader.join()
        screen.close()
        return screen.text

    return show


Compare: TypeAlias = "Callable[[str, str], None]"


@pytest.fixture
def snapshot() -> Compare:
    """Compares a text with a file in `snapshots`. UPDATE_SNAPSHOTS=1 writes the file instead."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / f"{name}.txt"
        # What differs from run to run.
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
        text = re.sub(r"\b\d+\.\d+ s\b", "TIME s", text)
        text = text.rstrip() + "\n"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")

    return compare
