"""One run of the command: its options, its client, its output, and what it says to the person."""

from __future__ import annotations

import gc
import io
import logging
import os
import stat
import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, Failure, flush_output, report, usage_error
from anaplan_sdk.cli.global_options import GlobalOptions
from anaplan_sdk.cli.output import Output
from anaplan_sdk.cli.wording import can_be_typed, fitting, quoted

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.auth.environment import Search
    from anaplan_sdk.progress import ProgressCallback


class Invocation:
    """One run of the command, as commands see it.

    Args:
        options: The global options.
        command: The command as it was typed, such as `anaplan upload`.

    Attributes:
        options: The global options.
        command: The command.
        output: Where data is printed.
        state: What Ctrl-C leaves behind at the moment, in one sentence. Commands keep it true.
        interactive: Whether there is a person at a terminal who can be asked.
        workspace_id: The workspace, after `client` has found it; None without one.
        model_id: The model, likewise.
        search: Where `client_options` has found them; None before.
    """

    def __init__(self, options: GlobalOptions, command: str) -> None:
        self.options = options
        self.command = command
        self.output = Output(options.output, colour=not options.no_color)
        self.state = "Nothing was changed at Anaplan."
        self.workspace_id: str | None = None
        self.model_id: str | None = None
        self.search: Search | None = None
        self._signal_code = ExitCode.INTERRUPTED
        self.interactive = not options.no_input and _is_terminal(sys.stdin, sys.stderr)

    @staticmethod
    def of(context: typer.Context) -> Invocation:
        """Return the run of the command that a context belongs to.

        Args:
            context: The context that Typer passes to commands.

        Returns:
            The run.
        """
        invocation: Invocation = context.obj
        return invocation

    def run(self, command: Callable[[], Any]) -> int:
        """Run a command, and report what fails.

        Args:
            command: The command.

        Returns:
            The exit code.
        """
        gc.enable()
        self._prepare_streams()
        self._show_log()
        code: int
        try:
            with self._interrupted_by_signals():
                code = int(command() or 0)
                sys.stdout.flush()
        except (KeyboardInterrupt, typer.Abort) as error:  # The latter at a question.
            if isinstance(error, typer.Abort) and not self._json:
                print(file=sys.stderr)  # Ends the line of the question.
            code = self._signal_code
            Failure(code, f"Interrupted. {self.state}").show(as_json=self._json)
        except (typer.Exit, typer.TyperException):
            raise
        except Exception as error:  # noqa: BLE001 - the one place that reports them
            code = report(error, as_json=self._json, verbose=self.options.verbose, state=self.state)
        # If that fails now, why it failed before matters more, and has been reported.
        flush_output()
        return code

    @contextmanager
    def client(self, *, model: bool = True, workspace: bool = False) -> Generator[Client]:
        """Create a client from the options, the environment and the profile.

        A workspace or a model that is given by its name is looked up.

        Args:
            model: Whether the command needs a model.
            workspace: Whether the command needs a workspace.

        Yields:
            The client, which is closed afterwards.

        Raises:
            CommandError: There is no model or workspace, and the command needs one.
            AnaplanException: No credentials were found, or a name was not.
        """
        from anaplan_sdk import Client
        from anaplan_sdk.cli.references import find_id
        from anaplan_sdk.exceptions import InvalidArgumentException

        options, places = self.client_options()
        for kind, needed in (("workspace", workspace), ("model", model)):
            if needed and not places[kind]:
                raise usage_error(
                    f"This needs a {kind}, and none is named.",
                    f"Give --{kind} NAME, set ANAPLAN_{kind.upper()}_ID, or store it: "
                    f"'anaplan profile set --{kind} NAME'. 'anaplan ls {kind}s' lists them.",
                )
        try:
            created = Client(**options)
        except InvalidArgumentException as problem:
            raise _invalid_setting(problem) from None
        with created as client:
            if reference := places["workspace"]:
                self.workspace_id = find_id(client, ("workspaces",), reference)
            if reference := places["model"]:
                self.model_id = find_id(client, ("models",), reference, self.workspace_id)
            yield client.with_model(self.model_id, self.workspace_id)

    def client_options(self) -> tuple[dict[str, Any], dict[str, str | None]]:
        """Return the options of a client, from the environment and the profile.

        Returns:
            The options, credentials among them; and apart from them the workspace and the model,
            by a name or an id, which the options of the command may name as well.

        Raises:
            CommandError: No credentials were found, or a variable or the config file is not valid.
        """
        from anaplan_sdk.auth.profiles import find_sources
        from anaplan_sdk.cli.missing_credentials import require_credentials, search_quietly
        from anaplan_sdk.exceptions import InvalidArgumentException

        try:
            sources = find_sources(self.options.profile, os.environ)
            self.search = search_quietly(sources, may_ask=not self.options.no_input)
        except InvalidArgumentException as problem:
            raise _invalid_setting(problem) from None
        require_credentials(self.search, self.login_line)
        options = dict(self.search.options)
        found = {kind: options.pop(f"{kind}_id", None) for kind in ("workspace", "model")}
        given = {"workspace": self.options.workspace, "model": self.options.model}
        return options, {kind: given[kind] or found[kind] for kind in found}

    def say(self, text: str) -> None:
        """Print words for the person to stderr, unless `--quiet` is given.

        Args:
            text: The words.
        """
        if not self.options.quiet:
            # Work that goes on must not end because its words cannot be written.
            with suppress(OSError):
                print(fitting(printable(text, lines=True)), file=sys.stderr, flush=True)

    def command_line(self, *words: str, model: bool = True) -> str:
        """Return another command for the same profile, to be typed as it stands.

        Args:
            *words: The words of the command.
            model: Whether it is for the same model.

        Returns:
            The command line in quotes.
        """
        options = self.options
        line = list(words)
        for flag, value in (
            ("-w", _typeable(options.workspace, self.workspace_id) if model else None),
            ("-m", _typeable(options.model, self.model_id) if model else None),
            ("--profile", options.profile),
        ):
            line += [flag, value] if value else []
        return f"'{' '.join(map(quoted, line))}'"

    def login_line(self, *words: str) -> str:
        """Return the command that signs in with the same profile, to be typed as it stands.

        Args:
            *words: Arguments and options.

        Returns:
            The command line in quotes.
        """
        return self.command_line("anaplan", "login", *words, model=False)

    @contextmanager
    def progress(self, what: str, *, prints: bool = False) -> Generator[ProgressCallback]:
        """Show the progress of long work on stderr, unless `--quiet` is given.

        Args:
            what: The work, such as `Uploading flights.csv`.
            prints: Whether it prints data meanwhile. Nothing is shown on a terminal then if the
                data may get there, too, since both would be mixed up: directly or by a pipe.

        Yields:
            The callback for `on_progress`.
        """
        from anaplan_sdk.cli import progress_display

        what = printable(what)
        on_terminal = _is_terminal(sys.stderr)
        is_mixed = self.output.is_terminal or (on_terminal and _is_pipe(sys.stdout))
        if self.options.quiet or (prints and is_mixed):
            yield progress_display.ignore
        elif on_terminal and not self.options.verbose:
            with progress_display.bar(what, colour=self.output.has_colour) as show:
                yield show
        else:
            with progress_display.lines(what, self.say) as show:
                yield show

    def confirm(self, question: str) -> None:
        """Ask for confirmation, unless `--yes` is given.

        Args:
            question: The question, to be answered with yes or no.

        Raises:
            CommandError: There is nobody to ask.
            Abort: Ctrl-C at the question.
            Exit: The answer is no.
        """
        if self.options.yes:
            return
        if not self.interactive:
            raise usage_error(
                f"This asks: {question}", "Without a terminal, confirm it with --yes."
            )
        if not self.ask(question):
            self.say(self.state)
            raise typer.Exit(ExitCode.FAILED)

    def ask(self, question: str) -> bool:
        """Ask a question that is answered with yes or no; the default is no.

        Args:
            question: The question.

        Returns:
            The answer.
        """
        while True:
            text = typer.prompt(f"{question} [y/N]", "", show_default=False, err=True)
            answer = text.strip().casefold()
            if answer in ("y", "yes", "n", "no", ""):
                return answer in ("y", "yes")
            print("Answer y or n.", file=sys.stderr, flush=True)

    @property
    def _json(self) -> bool:
        return self.options.output in ("json", "jsonl")

    @contextmanager
    def _interrupted_by_signals(self) -> Generator[None]:
        """Let signals that end the process do what Ctrl-C does, without a question."""
        import signal

        def interrupt(number: int, _: object) -> None:
            is_end = number == signal.SIGTERM
            self._signal_code = ExitCode.TERMINATED if is_end else ExitCode.HUNG_UP
            self.interactive = False
            raise KeyboardInterrupt

        names = ("SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        # With `nohup` one is ignored, and `anaplan demo` has handlers of its own.
        numbers = [each for each in numbers if signal.getsignal(each) is signal.SIG_DFL]
        for each in numbers:
            signal.signal(each, interrupt)
        try:
            yield
        finally:
            for each in numbers:
                signal.signal(each, signal.SIG_DFL)

    def _prepare_streams(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # What a terminal cannot show must not end the command; files get UTF-8.
                encoding = None if stream.isatty() else "utf-8"
                stream.reconfigure(encoding=encoding, errors="backslashreplace")
        if self.options.no_input and _is_terminal(sys.stdin):
            # So that the SDK finds nobody to ask, either.
            sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123

    def _show_log(self) -> None:
        level = logging.DEBUG if self.options.verbose else logging.WARNING
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(logging.ERROR if self.options.quiet else level)
        form = "%(asctime)s %(name)s: %(message)s" if self.options.verbose else "Note: %(message)s"
        handler.setFormatter(logging.Formatter(form))
        logger = logging.getLogger("anaplan_sdk")
        logger.handlers = [handler]
        logger.setLevel(level)

        def show(message: Warning | str, *_: object, **__: object) -> None:
            self.say(f"Note: {message}")

        warnings.showwarning = show


def _invalid_setting(problem: Exception) -> CommandError:
    advice = "'anaplan doctor' shows all settings, and where each one is from."
    return CommandError(ExitCode.USAGE, str(problem), advice, kind=type(problem).__name__)


def _typeable(reference: str | None, identifier: str | None) -> str | None:
    """Return the id instead of a name that cannot be typed in quotes."""
    return identifier if reference and not can_be_typed(reference) else reference


def _is_pipe(stream: Any) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False


def _is_terminal(*streams: Any) -> bool:
    return all(stream is not None and stream.isatty() for stream in streams)
