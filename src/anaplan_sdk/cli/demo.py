"""`anaplan demo`: real data loaded and exported by the commands that a person would type."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation

PROCESS = "Load flights"
EXPORT = "Flight Facts - tabular.csv"
# Columns of the source, and the line items that they are loaded into.
TOTALS = {"distance": "Distance", "air_time": "Air Time", "arr_delay": "Arrival Delay"}
LISTS = ("airlines.csv", "airports.csv")
FLIGHTS = "flights-2013-02.csv.gz"
# Texts of the flights; all other columns are integers.
TEXTS = ("flight_id", "carrier", "tailnum", "origin", "dest", "time_hour")

NEXT_STEPS = """
To go on, start an emulator in another terminal:

    anaplan emulator

It prints the variables to set in this one. Then these commands work here, too;
{files}
On your own tenant, begin with 'anaplan login'."""


@examples("anaplan demo", "anaplan demo flights")
def demo(
    context: typer.Context,
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER",
            help="A new or empty folder for the files; without it, they are deleted.",
        ),
    ] = None,
) -> ExitCode:
    """Load and export real data on an emulator.

    Starts an emulator, and shows commands with what they print: they import a month of flights from
    a Parquet file, save the rows that were refused, and export the module. Then the totals of the
    rows that were sent are compared with those of the export. Without the extra 'tables', the files
    are CSV.

    Your settings are not used, and nothing leaves this machine.
    """
    invocation = Invocation.of(context)
    options = invocation.options
    if options.profile or options.workspace or options.model:
        raise usage_error("The demo has a model of its own: no profile, workspace or model.")
    invocation.state = "The demo's emulator was stopped."
    with contextlib.ExitStack() as stack:
        stack.enter_context(_exit_on_signals())
        place = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="anaplan-demo-"))
            if folder is None
            else _empty_folder(folder)
        )
        invocation.say("Starting an emulator of Anaplan on this machine...")
        stack.enter_context(_environment(stack.enter_context(_emulator()), place))
        form = _extract_sources()
        if form == "csv":
            invocation.say(
                "The files are CSV: Parquet needs the extra 'tables': "
                "pip install 'anaplan-sdk[cli,emulator,tables]'"
            )
        job = Demo(invocation, form)
        job.load()
        job.show_reasons()
        job.type("export", EXPORT, job.loaded)
        is_equal = job.compare()
    if not is_equal:
        raise CommandError(ExitCode.FAILED, "The exported totals differ from those of the source.")
    kept = f"the files are in {folder}." if folder else "'anaplan demo FOLDER' keeps the files."
    invocation.say(NEXT_STEPS.format(files=kept))
    return ExitCode.DONE


class Demo:
    """The job, in the current folder and against the emulator that the environment names.

    Args:
        invocation: The run of `anaplan demo`.
        form: The format of the flights: parquet or csv.

    Attributes:
        flights: The file that is sent.
        refused: The file of rows that were refused.
        loaded: The file that is exported.
    """

    def __init__(self, invocation: Invocation, form: str) -> None:
        self.flights, self.refused, self.loaded = (
            f"{name}.{form}" for name in ("flights", "refused", "loaded")
        )
        self._invocation = invocation
        options = invocation.options._asdict()
        names = ("quiet", "verbose", "no_color", "no_input", "yes")
        self._flags = [f"--{name.replace('_', '-')}" for name in names if options[name]]
        if output := options["output"]:
            self._flags += ["--output", output]

    def type(self, *arguments: str, apart: bool = True) -> None:
        """Show a command, and run it with the flags that the demo was given.

        Args:
            *arguments: Its arguments.
            apart: Whether a blank line precedes it.

        Raises:
            Exit: It failed.
            KeyboardInterrupt: It was interrupted.
        """
        from anaplan_sdk.cli import run

        quoted = " ".join(f'"{each}"' if " " in each else each for each in arguments)
        self._say(("\n" if apart else "") + f"$ anaplan {quoted}", bold=True)
        code = run([*self._flags, *arguments])
        if code == int(ExitCode.INTERRUPTED):
            raise KeyboardInterrupt
        if code:
            raise typer.Exit(code)

    def load(self) -> None:
        """Upload the lists, and import the flights.

        Raises:
            Exit: A command failed.
            KeyboardInterrupt: A command was interrupted.
        """
        self.type("ls", "processes")
        for index, name in enumerate(LISTS):
            self.type("upload", name, "--to", name, apart=index == 0)
        self.type(
            *("import", self.flights, "--run", PROCESS, "--to", "flights.csv"),
            *("--allow-refused", "1000", "--refused", self.refused),
        )

    def show_reasons(self) -> None:
        """Show for how many rows Anaplan gave which reason."""
        from collections import Counter

        # Rows of a file that was sent as it is have the columns of Anaplan's failure dump.
        rows = _rows(Path(self.refused))
        reasons = Counter(row.get("reason") or row["_Error_1_"] for row in rows)
        self._say(f"\nThe reasons in {self.refused}:", bold=True)
        for reason, count in reasons.most_common():
            self._say(f"  {count:>6,}  {reason}")

    def compare(self) -> bool:
        """Show the totals of the rows that were sent, and not refused, beside those of the export.

        Returns:
            Whether they are the same.
        """
        refused = {row["flight_id"] for row in _rows(Path(self.refused))}
        sent = [row for row in _rows(Path(self.flights)) if row["flight_id"] not in refused]
        loaded = list(_rows(Path(self.loaded)))
        pairs: dict[str, tuple[float, float]] = {"rows": (len(sent), len(loaded))}
        for column, line_item in TOTALS.items():
            pairs[line_item] = (_total(sent, column), _total(loaded, line_item))
        self._say(f"\n{'Totals':16}{'sent':>14}{'exported':>14}", bold=True)
        for name, (ours, theirs) in pairs.items():
            line = f"  {name:14}{ours:>14,.0f}{theirs:>14,.0f}  "
            is_equal = ours == theirs
            self._say(line, "equal" if is_equal else "DIFFERENT", fg="green" if is_equal else "red")
        return all(ours == theirs for ours, theirs in pairs.values())

    def _say(self, text: str, verdict: str = "", *, bold: bool = False, fg: str = "") -> None:
        """Print words, on a terminal in bold or with a verdict in a colour."""
        print(end="", flush=True)
        if self._invocation.output.has_colour and sys.stderr.isatty():
            text = typer.style(text, bold=True) if bold else text
            verdict = typer.style(verdict, fg=fg) if verdict else ""
        # With --quiet, tables without the commands that print them would say nothing.
        stream = sys.stdout if self._invocation.options.quiet else sys.stderr
        print(text + verdict, file=stream, flush=True)


@contextlib.contextmanager
def _emulator() -> Generator[Mapping[str, str]]:
    """Start an emulator in a process of its own; yield its address and credentials."""
    import subprocess

    # Ctrl-C must not stop it before the command that it interrupts has ended.
    group: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    command = [sys.executable, "-P", "-m", "anaplan_emulator", "--port", "0", "--json"]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - this program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, **group
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                errors.seek(0)
                reason = errors.read().decode(errors="replace").strip()
                raise CommandError(ExitCode.FAILED, "The emulator did not start.", reason)
            yield json.loads(line)
        finally:
            process.terminate()


@contextlib.contextmanager
def _environment(info: Mapping[str, str], place: Path) -> Generator[None]:
    """Change to a folder, and set the variables that connect the command to an emulator."""
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith("ANAPLAN_"):
            del os.environ[name]
    for name in ("base_url", "user_email", "password", "workspace_id", "model_id"):
        os.environ[f"ANAPLAN_{name.upper()}"] = info[name]
    # There is no such file: a person's own may not be valid.
    os.environ["ANAPLAN_CONFIG_FILE"] = str(place / "no-config.toml")
    # A proxy cannot reach this machine's loopback address.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    try:
        with contextlib.chdir(place):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _exit_on_signals() -> Generator[None]:
    """Let signals that end the process stop the emulator, too."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _empty_folder(text: str) -> Path:
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise usage_error(f"{text!r} is not empty.", "Name a folder that is new or empty.")
    return folder.absolute()


def _extract_sources() -> str:
    """Write the sample data of the emulator's default tenant to the current folder.

    Returns:
        The format of the flights: Parquet, or CSV without the extra for it.
    """
    import gzip
    from importlib.resources import files

    data = files("anaplan_emulator") / "sample_data"
    for name in LISTS:
        Path(name).write_bytes((data / name).read_bytes())
    flights = Path("flights.csv")
    flights.write_bytes(gzip.decompress((data / FLIGHTS).read_bytes()))
    try:
        _write_parquet(flights)
    except ImportError:
        return "csv"
    flights.unlink()
    return "parquet"


def _write_parquet(path: Path) -> None:
    """Write a CSV file as Parquet, with columns of integers and texts."""
    from anaplan_sdk import TableStream
    from anaplan_sdk._formats.tables.arrow_types import Kind
    from anaplan_sdk._formats.tables.table_source import open_table
    from anaplan_sdk.cli.table_formats import arrow_library

    library = arrow_library()
    table = open_table(library, path)
    fields = [
        (name, library.type(Kind.TEXT if name in TEXTS else Kind.INTEGER))
        for name, _ in table.fields
    ]
    batches = (
        library.make_batch(
            [library.cast(batch.column(place), each) for place, (_, each) in enumerate(fields)],
            fields,
        )
        for batch in table.batches
    )
    TableStream(library, library.schema(fields), batches).to_parquet(path.with_suffix(".parquet"))


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        from anaplan_sdk import Table
        from anaplan_sdk._formats.tables.table_source import open_table
        from anaplan_sdk.cli.table_formats import arrow_library

        library = arrow_library()
        table = open_table(library, path)
        return Table(library, library.schema(table.fields), table.batches).to_pylist()
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _total(rows: Iterable[Mapping[str, Any]], column: str) -> float:
    """Return the sum of a column, without empty values."""
    return sum(float(row[column]) for row in rows if row[column])
