"""`anaplan convert-connect`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.source import read_source


@examples(
    "anaplan convert-connect nightly.sh > nightly-anaplan.sh",
    "anaplan convert-connect nightly.bat > nightly-anaplan.bat",
    "anaplan convert-connect nightly.bat --to bash",
)
def convert_connect(
    context: typer.Context,
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="A .sh, .bat or .cmd file, or - for stdin.")
    ],
    to: Annotated[
        Literal["bash", "batch"] | None,
        typer.Option(metavar="SHELL", help="bash or batch; that of SCRIPT by default."),
    ] = None,
) -> None:
    """Convert a script for Anaplan Connect.

    Prints a script that does the same with commands of anaplan, with comments for what it cannot
    do in the same way. Nothing is run and nothing is sent. Passwords in the old script are never
    printed: the new one reads them from variables.

    With --output json, prints the commands, the notes and the script as JSON.
    """
    from anaplan_sdk.cli.connect.bash import read_bash
    from anaplan_sdk.cli.connect.batch import read_batch
    from anaplan_sdk.cli.connect.document import convert
    from anaplan_sdk.cli.connect.shells import Bash, Batch

    invocation = Invocation.of(context)
    text = _text(script)
    is_batch = _is_batch(script, text)
    found = (read_batch if is_batch else read_bash)(text)
    if not found.calls:
        raise usage_error(
            f"{script} does not call Anaplan Connect.",
            "It has to run AnaplanClient.sh, AnaplanClient.bat or its Java program. If it runs "
            "another script that does, convert that one.",
        )
    path = Path(script)
    converted = convert(
        found,
        "stdin" if script == "-" else path.name,
        Path() if script == "-" else path.parent,
        Batch() if is_batch else Bash(),
        Batch() if (to or ("batch" if is_batch else "bash")) == "batch" else Bash(),
    )
    if invocation.options.output in (None, "table"):
        invocation.output.data([converted.text.encode()])
    else:
        invocation.output.record(
            {
                "commands": converted.commands,
                "notes": converted.notes,
                "script": converted.text,
            }
        )
    counts = {"command": len(converted.commands), "note": len(converted.notes)}
    said = [f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items()]
    invocation.say(f"{', '.join(said)}.")


def _text(script: str) -> str:
    content = read_source(script)
    if b"\0" in content:
        raise usage_error(f"{script} is not a text file.", "Give the .sh or .bat file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _is_batch(script: str, text: str) -> bool:
    suffix = Path(script).suffix.lower()
    if suffix in (".bat", ".cmd"):
        return True
    if suffix in (".sh", ".bash", ".command") or text.startswith("#!"):
        return False
    return (
        re.search(r"(?im)^\s*@?(?:echo off|set \"?\w+=|rem\b)|%\w+%|AnaplanClient\.bat", text)
        is not None
    )
