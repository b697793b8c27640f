"""The tree of commands. None of them is imported before it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from anaplan_sdk.cli.command import built
from anaplan_sdk.cli.command_groups import Entry, Group, GroupEntry
from anaplan_sdk.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from typer._click import Parameter

TREE: Mapping[str, Mapping[str, Entry | GroupEntry]] = {
    "Move data": {
        "upload": Entry("Upload content to a file.", "actions.transfer:upload"),
        "download": Entry("Download the content of a file.", "actions.transfer:download"),
        "import": Entry(
            "Upload content, and run the import that reads it.", "actions.transfer:import_"
        ),
        "export": Entry("Run an export, and download its output.", "actions.transfer:export"),
        "run": Entry("Run an import, export, process or other action.", "actions.runs:run"),
        "refused": Entry(
            "Print the rows that a run refused, with the reasons.", "actions.runs:refused"
        ),
        "tasks": Entry("List the recent runs of an action.", "actions.runs:tasks"),
        "wait": Entry("Wait for the end of a run.", "actions.runs:wait"),
        "cancel": Entry("Cancel a run.", "actions.runs:cancel"),
    },
    "List and describe": {
        "ls": Entry("List workspaces, models, files, imports and the like.", "objects.listings:ls"),
        "show": Entry(
            "Describe a model, file, import, process or the like in full.", "objects.listings:show"
        ),
    },
    "Model data": {
        "list": GroupEntry(
            "Items of lists.",
            {
                "read": Entry(
                    "Print the items of a list, or write them to a file.", "model_data.lists:read"
                ),
                "insert": Entry("Add items to a list.", "model_data.lists:insert"),
                "update": Entry("Change items of a list.", "model_data.lists:update"),
                "upsert": Entry(
                    "Change items of a list, and add those that are new.", "model_data.lists:upsert"
                ),
                "delete": Entry("Delete items of a list.", "model_data.lists:delete"),
            },
        ),
        "view": GroupEntry(
            "Views of modules.",
            {"read": Entry("Print a view, or write it to a file.", "model_data.views:read")},
        ),
        "cells": GroupEntry(
            "Cells of modules.", {"write": Entry("Write cells.", "model_data.views:write")}
        ),
    },
    "Manage": {
        "alm": GroupEntry(
            "Revisions of models.",
            {
                "revisions": Entry("List the revisions of a model.", "management.alm:revisions"),
                "diff": Entry(
                    "Compare a model with another model's revision.", "management.alm:diff"
                ),
                "promote": Entry(
                    "Synchronize a model to another model's revision.", "management.alm:promote"
                ),
            },
        ),
        "audit": GroupEntry(
            "The tenant's audit log.",
            {"events": Entry("Print audit events.", "management.audit:events")},
        ),
        "cw": GroupEntry(
            "CloudWorks integrations and flows.",
            {
                "ls": Entry("List integrations and flows.", "management.cloud_works:ls"),
                "run": Entry("Run an integration or a flow.", "management.cloud_works:run"),
                "status": Entry("Show a run of an integration.", "management.cloud_works:status"),
                "cancel": Entry(
                    "Cancel the run of an integration.", "management.cloud_works:cancel"
                ),
            },
        ),
        "users": GroupEntry(
            "The tenant's users.",
            {
                "ls": Entry("List the users.", "management.users:ls"),
                "export": Entry(
                    "Print all users with their licences, as CSV.", "management.users:export"
                ),
                "import": Entry("Create and change users from CSV.", "management.users:import_"),
            },
        ),
    },
    "Sign in": {
        "login": Entry("Sign in, and store the settings in a profile.", "settings.sign_in:login"),
        "logout": Entry("Remove what is stored for signing in.", "settings.sign_in:logout"),
        "whoami": Entry("Print who is signed in, and where.", "settings.sign_in:whoami"),
        "doctor": Entry(
            "Check settings, sign-in and network, and suggest what to do.", "settings.doctor:doctor"
        ),
        "profile": GroupEntry(
            "Profiles of the config file.",
            {
                "ls": Entry("List the profiles.", "settings.profiles:ls"),
                "show": Entry("Print a profile, with secrets masked.", "settings.profiles:show"),
                "use": Entry("Make a profile the default.", "settings.profiles:use"),
                "set": Entry(
                    "Change settings of a profile, or create it.", "settings.profiles:set_"
                ),
                "rm": Entry("Remove a profile.", "settings.profiles:rm"),
                "path": Entry("Print the path of the config file.", "settings.profiles:path"),
            },
        ),
    },
    "More": {
        "request": Entry("Send a request to any of Anaplan's APIs.", "request:request"),
        "convert-connect": Entry(
            "Convert a script for Anaplan Connect.", "connect.convert:convert_connect"
        ),
        "completion": Entry("Print the completion script of a shell.", "completion:completion"),
        "emulator": Entry(
            "Serve an emulated Anaplan on this machine.", "emulator:emulator", raw=True
        ),
        "tenant": GroupEntry(
            "Tenant files: write, check, capture, compare.",
            {
                "new": Entry("Write a small tenant file to start from.", "tenant.new:new"),
                "check": Entry("Report every mistake in a tenant file.", "tenant.check:check"),
                "show": Entry("Show what a tenant file describes, as a tree.", "tenant.show:show"),
                "capture": Entry(
                    "Write a tenant file from a real model, without changing it.",
                    "tenant.capture:capture",
                ),
                "compare": Entry(
                    "Report where an emulator differs from a real model.", "tenant.compare:compare"
                ),
            },
        ),
        "demo": Entry("Load and export real data on an emulator.", "demo:demo"),
    },
}


def _print_version(value: bool) -> None:
    if value:
        from anaplan_sdk import __version__

        typer.echo(f"anaplan-sdk {__version__}")
        raise typer.Exit


def _root_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Exists for its parameters."""


def root() -> Group:
    """Return the command `anaplan`."""
    version: list[Parameter] = built(_root_options, TyperCommand, "").params
    for option in version:
        option.expose_value = False
    return Group(
        "anaplan",
        "Anaplan from the command line: move data in and out of models, run what is in them.",
        TREE,
        params=version,
        epilog="anaplan COMMAND --help shows the options of a command, with examples.\n\n"
        f"Exit codes: {', '.join(f'{int(each)} {each.short}' for each in ExitCode if each.short)}.",
    )


def run_tree(arguments: Sequence[str]) -> int:
    """Run a command line.

    Args:
        arguments: The arguments.

    Returns:
        The exit code.
    """
    if shell := os.environ.get("_ANAPLAN_COMPLETE"):
        from anaplan_sdk.cli.completion_reply import print_completions

        return print_completions(shell, root())
    if list(arguments[:1]) == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        code = root().main(list(arguments), prog_name="anaplan", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        from anaplan_sdk.cli.failures import report_usage

        return report_usage(error, arguments)
    except typer.Abort:
        return int(ExitCode.INTERRUPTED)
    except SystemExit as end:
        from anaplan_sdk.cli.failures import close_output, is_broken_pipe

        # Typer ends the process with 1 if nobody reads the help.
        if end.__context__ is None or not is_broken_pipe(end.__context__):
            raise
        close_output()
        return int(ExitCode.OUTPUT_CLOSED)
    except OSError as error:
        from anaplan_sdk.cli.failures import report

        return report(error, as_json=False, verbose=False)
    return int(code or 0)
