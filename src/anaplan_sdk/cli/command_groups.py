"""The groups of commands, and the entries of the tree, which are imported when they are used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from anaplan_sdk.cli.command import (
    HELP,
    Command,
    built,
    global_parameters,
    take_global_options,
    write_parameters,
)
from anaplan_sdk.cli.plain_values import read_plainly

if TYPE_CHECKING:
    from typer._click import Command as AnyCommand
    from typer._click import Context, HelpFormatter
    from typer._click.shell_completion import CompletionItem


class Entry(NamedTuple):
    """A command in the tree, loaded when it is used.

    Attributes:
        summary: What it does, in one line.
        function: Module, below `anaplan_sdk.cli`, and name of its function.
        raw: Whether its arguments are passed on as they are.
    """

    summary: str
    function: str
    raw: bool = False

    def load(self, name: str) -> AnyCommand:
        """Import the command.

        Args:
            name: Name of the command.

        Returns:
            The command.
        """
        module, _, function = self.function.partition(":")
        found = getattr(import_module(f"anaplan_sdk.cli.{module}"), function)
        return built(found, PassingCommand if self.raw else Command, name)


class PassingCommand(TyperCommand):
    """A command that passes its arguments on to another command line."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        settings["add_help_option"] = False
        settings["context_settings"] = {"allow_extra_args": True, "ignore_unknown_options": True}
        super().__init__(name, **settings)


class GroupEntry(NamedTuple):
    """A group of commands in the tree.

    Attributes:
        summary: What they are for, in one line.
        commands: The commands by name.
    """

    summary: str
    commands: Mapping[str, Entry]

    def load(self, name: str) -> AnyCommand:
        """Create the group.

        Args:
            name: Name of the group.

        Returns:
            The group.
        """
        return Group(name, self.summary, {"Commands": self.commands})


class Group(TyperGroup):
    """A group of commands, each imported when it is used.

    Args:
        name: Name of the group.
        summary: What its commands are for.
        sections: The commands by name, by the title of their section.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        sections: Mapping[str, Mapping[str, Entry | GroupEntry]],
        **settings: Any,
    ) -> None:
        self._sections = sections
        self._entries = {
            each: entry for section in sections.values() for each, entry in section.items()
        }
        params = [*settings.pop("params", []), *global_parameters()]
        super().__init__(
            name=name,
            help=summary,
            params=params,
            no_args_is_help=True,
            context_settings=dict(HELP),
            rich_markup_mode=None,
            # For the suggestions after a typing error.
            commands=dict.fromkeys(self._entries),  # type: ignore[arg-type]
            **settings,
        )
        read_plainly(self.get_help_option(self.context_class(self, **self.context_settings)))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the arguments before the command's name, and keep the global options.

        Args:
            ctx: The context of the group.
            args: The arguments.

        Returns:
            The arguments that are left.
        """
        rest = super().parse_args(ctx, args)
        take_global_options(ctx)
        return rest

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, AnyCommand | None, list[str]]:
        """Find the command that arguments name, and suggest `ls` for a kind of object.

        Args:
            ctx: The context of the group.
            args: The arguments, of which the first is the command's name.

        Returns:
            The name, the command, and its arguments.

        Raises:
            TyperException: There is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:
            from anaplan_sdk.cli.references import KINDS

            if ctx.parent is None and args[0] in KINDS:
                error.message = f"No such command {args[0]!r}. Did you mean 'ls {args[0]}'?"
            raise

    def get_command(self, ctx: Context, cmd_name: str) -> AnyCommand | None:  # noqa: ARG002
        """Import a command.

        Args:
            ctx: The context of the group.
            cmd_name: Name of the command.

        Returns:
            The command; None if there is no such command.
        """
        entry = self._entries.get(cmd_name)
        return entry.load(cmd_name) if entry else None

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands or options that begin with a text, without importing commands.

        Args:
            ctx: The context of the group.
            incomplete: The text.

        Returns:
            The commands or options.
        """
        from typer._click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=entry.summary)
            for name, entry in self._entries.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        """List the commands, without importing them.

        Args:
            ctx: The context of the group.
            formatter: The formatter of the help.
        """
        for title, entries in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.summary) for name, entry in entries.items()])

    def collect_usage_pieces(self, ctx: Context) -> list[str]:  # noqa: ARG002
        """Return the parts of the usage line.

        Args:
            ctx: The context of the group.

        Returns:
            The parts.
        """
        return ["COMMAND [ARGUMENTS] [OPTIONS]"]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List the commands and the global options.

        Args:
            ctx: The context of the group.
            formatter: The formatter of the help.
        """
        self.format_commands(ctx, formatter)
        write_parameters(ctx, formatter, "Global options", self.get_params(ctx), "option")
