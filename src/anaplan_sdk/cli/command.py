"""What all commands have in common: global options, and the layout of help."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand
from typer.main import get_command

from anaplan_sdk.cli.global_options import GlobalOptions, OutputFormat
from anaplan_sdk.cli.name_completion import completing, profile_names
from anaplan_sdk.cli.plain_values import read_plainly

if TYPE_CHECKING:
    # Typer has its own copy of click, which has no public names.
    from typer._click import Command as AnyCommand
    from typer._click import Context, HelpFormatter, Parameter
    from typer._click.shell_completion import CompletionItem

_Function = TypeVar("_Function", bound="Callable[..., object]")

# Settings of the contexts of all commands.
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _global_options(
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Profile of the config file.",
            autocompletion=profile_names,
        ),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            "-w",
            metavar="REF",
            help="Workspace: name or id.",
            autocompletion=completing("workspaces"),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="REF",
            help="Model: name or id.",
            autocompletion=completing("models"),
        ),
    ] = None,
    output: Annotated[
        OutputFormat | None,
        typer.Option("--output", "-o", metavar="FORMAT", help="table, json, jsonl or csv."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress and no notes.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the log: requests, retries, pauses.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; so does the variable NO_COLOR.")
    ] = False,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Never ask; implied without a terminal.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Answer questions for confirmation with yes.")
    ] = False,
) -> None:
    """Exists for its parameters, which every command takes."""


def built(function: Callable[..., object], cls: type[TyperCommand], name: str) -> AnyCommand:
    """Return the command that a function describes by its signature and docstring.

    Args:
        function: The function.
        cls: Class of the command.
        name: Name of the command.

    Returns:
        The command.
    """
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=cls, context_settings=dict(HELP))(function)
    command = get_command(app)
    context = command.context_class(command, **command.context_settings)
    for parameter in (*command.params, command.get_help_option(context)):
        read_plainly(parameter)
    return command


def global_parameters() -> list[Parameter]:
    """Return the global options, for the parameters of a command."""
    return built(_global_options, TyperCommand, "").params


def examples(*lines: str) -> Callable[[_Function], _Function]:
    """Return a decorator that adds examples to the help of a command.

    Args:
        *lines: Command lines.

    Returns:
        The decorator.
    """

    def add(function: _Function) -> _Function:
        vars(function)["examples"] = lines
        return function

    return add


class Command(TyperCommand):
    """A command with global options, whose help ends with examples."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        super().__init__(name, **settings)
        self._own = len(self.params)
        taken = {spelling for own in self.params for spelling in own.opts}
        for parameter in global_parameters():
            # A command's own option of a spelling, such as -o, comes first.
            parameter.opts = [each for each in parameter.opts if each not in taken]
            self.params.append(parameter)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the arguments, and keep the global options in the context.

        Args:
            ctx: The context of the command.
            args: The arguments.

        Returns:
            The arguments that are left.
        """
        rest = super().parse_args(ctx, args)
        take_global_options(ctx)
        return rest

    def invoke(self, ctx: Context) -> Any:
        """Run the command, and report what fails.

        Args:
            ctx: The context of the command.

        Returns:
            The exit code.
        """
        from anaplan_sdk.cli.invocation import Invocation

        invocation = ctx.obj = Invocation(ctx.obj, ctx.command_path)
        return invocation.run(lambda: super(Command, self).invoke(ctx))

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """Return the options that begin with a text, for the completion in a shell.

        Args:
            ctx: The context of the command.
            incomplete: The text; if it is empty, no argument is left to complete.

        Returns:
            The options.
        """
        return super().shell_complete(ctx, incomplete or "--")

    def collect_usage_pieces(self, ctx: Context) -> list[str]:  # noqa: ARG002
        """Return the parts of the usage line, with optional arguments in brackets.

        Args:
            ctx: The context of the command.

        Returns:
            The parts.
        """
        arguments = [each for each in self.params if each.param_type_name == "argument"]
        return [*map(_usage, arguments), "[OPTIONS]"]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the arguments and options, and the global options apart from them.

        Args:
            ctx: The context of the command.
            formatter: The formatter of the help.
        """
        own, general = self.params[: self._own], self.params[self._own :]
        help_option = self.get_help_option(ctx)
        write_parameters(ctx, formatter, "Arguments", own, "argument")
        write_parameters(ctx, formatter, "Options", own, "option")
        general = [*general, help_option] if help_option else general
        write_parameters(ctx, formatter, "Global options", general, "option")

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """Write the examples.

        Args:
            ctx: The context of the command.
            formatter: The formatter of the help.
        """
        lines = getattr(self.callback, "examples", ())
        if lines:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in lines))


def take_global_options(ctx: Context) -> None:
    """Move the global options from the parameters of a command to its context's object.

    Args:
        ctx: The context.
    """
    given = {name: ctx.params.pop(name, None) for name in GlobalOptions._fields}
    for name in ("profile", "workspace", "model"):
        if given[name] == "":
            # Such as of a variable that is not set: another model is not what was meant.
            raise typer.BadParameter("The value is empty.", ctx, param_hint=f"'--{name}'")
    before = ctx.parent.obj if ctx.parent else None
    ctx.obj = (before if isinstance(before, GlobalOptions) else GlobalOptions()).merged(given)


def _usage(argument: Parameter) -> str:
    name = f"{_name(argument)}..." if argument.nargs != 1 else _name(argument)
    return name if argument.required else f"[{name}]"


def _name(argument: Parameter) -> str:
    return str(argument.metavar or argument.name).upper()


def _record(ctx: Context, parameter: Parameter) -> tuple[str, str] | None:
    record = parameter.get_help_record(ctx)
    if record is None:
        return None
    if parameter.param_type_name == "option":
        # A value that is not within its limits is explained when it is given.
        name, text = record
        return name, re.sub(r" *\[x>=[\d.]+\]|; x>=[\d.]+(?=\])", "", text)
    # Usage shows which arguments are required; their types would say little.
    return _name(parameter), record[1].removesuffix("[required]").rstrip()


def write_parameters(
    ctx: Context,
    formatter: HelpFormatter,
    title: str,
    parameters: Sequence[Parameter],
    kind: str,
) -> None:
    """Write a section of a command's help that lists parameters.

    Args:
        ctx: The context of the command.
        formatter: The formatter of the help.
        title: Title of the section.
        parameters: Parameters.
        kind: "argument" or "option": which of the parameters are listed.
    """
    records = [_record(ctx, each) for each in parameters if each.param_type_name == kind]
    if lines := [record for record in records if record]:
        with formatter.section(title):
            formatter.write_dl(lines)
