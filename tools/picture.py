"""Draw the output of the demo: run it in a pseudo-terminal, and write docs/demo.svg.

``--check`` compares the picture with the demo's output, ignoring what differs from run to run: task
ids and durations.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import pyte
from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "demo.svg"
COMMAND = "anaplan demo"
# The output after this is to be copied, which a picture does not allow.
END = "To go on,"
WIDTH = 84
# More than the demo prints, so that nothing is scrolled out.
LINES = 200

# Every system has at least one of these fonts.
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
_TEXT = "{http://www.w3.org/2000/svg}text"
_VOLATILE = {r"\b[0-9A-F]{32}\b": "TASK", r"\b\d+:\d\d\b": "ELAPSED"}


def record() -> str:
    """Run the demo, and return its terminal output with the escape sequences.

    Raises:
        subprocess.CalledProcessError: The demo failed.
    """
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, WIDTH, 0, 0))
    command = [sys.executable, "-c", "from anaplan_sdk.cli import main; main()", "demo"]
    # Colours do not depend on where the picture is drawn.
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environ.pop(name, None)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
        os.close(theirs)
        output = b""
        try:
            while piece := terminal.read(65536):
                output += piece
        except OSError:
            pass  # Linux reports the end of the output by this error.
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command, output)
    return output.decode()


def shown(output: str) -> list[Text]:
    """Return the lines that the terminal finally shows, without the part to be copied."""
    screen = pyte.Screen(WIDTH, LINES)
    pyte.Stream(screen).feed(output)
    lines = [_styled(screen.buffer[y], screen.columns) for y in range(screen.lines)]
    end = next(y for y, line in enumerate(lines) if line.plain.startswith(END))
    while not lines[end - 1].plain:
        end -= 1
    return [Text(f"$ {COMMAND}", "bold"), *lines[:end]]


def _styled(row: Mapping[int, Char], columns: int) -> Text:
    """Return a line of the terminal with its colours."""
    line = Text()
    for (colour, bold), chars in groupby(
        (row[x] for x in range(columns)), lambda char: (char.fg, char.bold)
    ):
        # Names of the terminal's own colours, or hexadecimal digits.
        name = f"#{colour}" if re.fullmatch("[0-9a-f]{6}", colour) else colour
        text = "".join(char.data for char in chars)
        line.append(text, Style(color=name.replace("brown", "yellow"), bold=bold))
    line.rstrip()
    return line


def draw(lines: list[Text]) -> str:
    """Return the lines as SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), color_system="truecolor")
    for line in lines:
        console.print(line, no_wrap=True, crop=False)
    svg = console.export_svg(title="anaplan", unique_id="demo")
    # Some programs would remove the spaces at the beginning of a line.
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    # GitHub does not allow pictures to load fonts.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONT)


def words(svg: str) -> list[str]:
    """Return the lines of a picture, top to bottom."""
    lines: defaultdict[float, list[tuple[float, str]]] = defaultdict(list)
    for element in ET.fromstring(svg).iter(_TEXT):  # noqa: S314 - our own picture
        if "clip-path" in element.attrib:
            place = float(element.attrib["y"])
            lines[place].append((float(element.attrib["x"]), element.text or ""))
    return [steady("".join(text for _, text in sorted(lines[y]))) for y in sorted(lines)]


def steady(line: str) -> str:
    """Return a line with placeholders for task ids and durations, and with single spaces."""
    for pattern, replacement in _VOLATILE.items():
        line = re.sub(pattern, replacement, line.replace("\xa0", " "))
    return " ".join(line.split())


def differences(picture: Path, output: str) -> list[str]:
    """Return the differences between a picture and the demo's output."""
    drawn = [line for line in words(picture.read_text(encoding="utf-8")) if line]
    printed = [line for line in (steady(text.plain) for text in shown(output)) if line]
    return [
        f"the picture shows {ours!r}, the demo prints {theirs!r}"
        for ours, theirs in zip(drawn, printed, strict=False)
        if ours != theirs
    ] + [f"{len(drawn)} lines drawn, {len(printed)} printed"] * (len(drawn) != len(printed))


def main() -> int:
    """Write or check the picture; the exit code is 1 if it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare without writing")
    arguments = parser.parse_args()
    output = record()
    if not arguments.check:
        PICTURE.write_text(draw(shown(output)), encoding="utf-8")
        return 0
    found = differences(PICTURE, output)
    for difference in found:
        print(difference)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
