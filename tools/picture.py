"""Draw the output of the demo: run it in a pseudo-terminal, and write docs/demo.svg.

``--check`` compares the picture with the demo's output, ignoring what differs from run to run: the
port and the durations.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "demo.svg"
COMMAND = "make demo"
# The output after this is to be copied, which a picture does not allow.
END = "To continue,"
WIDTH = 84

# Every system has at least one of these fonts.
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
_TEXT = "{http://www.w3.org/2000/svg}text"
_VOLATILE = {r"127\.0\.0\.1:\d+": "127.0.0.1:PORT", r"\b\d+\.\d+ (s|seconds)\b": r"TIME \1"}


def record() -> str:
    """Run the demo, and return its terminal output with the escape sequences.

    Raises:
        subprocess.CalledProcessError: The demo failed.
    """
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "examples/demo.py"]
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(command, cwd=ROOT, stdout=theirs)
        os.close(theirs)
        output = b""
        try:
            while piece := terminal.read(65536):
                output += piece
        except OSError:
            pass  # Linux reports the end of the output by this error.
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command)
    return output.decode().replace("\r\n", "\n")


def shown(output: str) -> list[Text]:
    """Return the lines that the terminal finally shows, without the part to be copied."""
    return [Text(f"$ {COMMAND}"), *AnsiDecoder().decode(output.partition(END)[0].rstrip())]


def draw(lines: list[Text]) -> str:
    """Return the lines as SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), color_system="truecolor")
    for line in lines:
        console.print(line, no_wrap=True, crop=False)
    svg = console.export_svg(title="anaplan-sdk", unique_id="demo")
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
    """Return a line with placeholders for ports and durations, and with single spaces."""
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
