"""The tenant's users: `anaplan users ls`, `export` and `import`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.model_data.input_rows import (
    FormatOption,
    InputRow,
    InputRows,
    Source,
    read_rows,
)
from anaplan_sdk.cli.model_data.row_writes import RowWrite
from anaplan_sdk.cli.options import AllowRefused, Refused
from anaplan_sdk.cli.wording import counted

_COLUMNS = ("username", "first_name", "last_name", "licenses")


@examples(
    "anaplan users ls",
    "anaplan users ls --search skyline",
    "anaplan users ls -o json | jq -r '.[] | select(.active | not) | .email'",
)
def ls(
    context: typer.Context,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only users whose name or id contains this."),
    ] = None,
) -> None:
    """List the users.

    It lists the users that you can see, with their last sign-in. You must be a workspace
    administrator, or have any role for the tenant.
    """
    invocation = Invocation.of(context)
    with invocation.client(model=False) as client:
        users = [each.model_dump(mode="json") for each in client.audit.get_users(search)]
    if invocation.options.output in (None, "table"):
        for user in users:
            # A table of 80 columns has no place for milliseconds.
            user["last_login"] = (user["last_login_date"] or "")[:16].replace("T", " ")
    columns = ["email", "first_name", "last_name", "active"]
    columns.append("last_login" if users and "last_login" in users[0] else "last_login_date")
    invocation.output.rows(users, columns)


@examples(
    "anaplan users export > users.csv",
    "anaplan users export users.csv",
    "anaplan users export -o json | jq -r '.[].username'",
)
def export(
    context: typer.Context,
    dest: Annotated[
        str, typer.Argument(metavar="DEST", help="A file; by default or with -, stdout.")
    ] = "-",
) -> None:
    """Print all users with their licences, as CSV.

    The columns are username, first_name, last_name and licenses, as 'anaplan users import' reads
    them. You must be a tenant administrator. With --output it prints another format.
    """
    invocation = Invocation.of(context)
    chosen = invocation.options.output
    destination = Destination.of_file(dest)
    if not destination.is_stdout and chosen not in (None, "csv"):
        raise usage_error("A file gets CSV.", "Leave out DEST to print another format.")
    with invocation.client(model=False) as client:
        if chosen not in (None, "csv"):
            invocation.output.rows(client.administration.export_users(), _COLUMNS)
            return
        content = client.administration.export_users_csv()
    destination.write([content], invocation.output)


@examples(
    "anaplan users import users.csv",
    "anaplan users import users.csv --yes --refused refused.csv",
)
def import_(
    context: typer.Context,
    source: Source,
    allow_refused: AllowRefused = "0",
    refused: Refused = None,
    form: FormatOption = None,
) -> ExitCode:
    """Create and change users from CSV.

    The columns are username, first_name, last_name and licenses; several licences are separated by
    commas within a quoted field. A user whose username exists is changed. You must be a
    tenant administrator. The command asks first, unless --yes is given.
    """
    invocation = Invocation.of(context)
    rows = read_rows(source, form)
    _check(rows)
    job = RowWrite.prepared(invocation, rows, allow_refused, refused)
    if not rows.rows:
        return job.finish(created=0, updated=0)
    invocation.confirm(f"Create or change {counted(len(rows), 'user')} of the tenant?")
    with invocation.client(model=False) as client:
        users = [{name: row.values[name] for name in _COLUMNS} for row in rows.rows]
        with invocation.progress(f"Importing {counted(len(rows), 'user')}"):
            result = job.send(
                lambda: client.administration.import_users(users), rows.rows, "accepted"
            )
        return job.finish(created=result.created, updated=result.updated)


def _check(rows: InputRows) -> None:
    """Find what the SDK would refuse, with the place of all of it."""
    unknown = [each for each in rows.columns if each not in _COLUMNS]
    missing = [each for each in _COLUMNS if each not in rows.columns] if rows.rows else []
    if unknown or missing:
        what = f"has no column {missing[0]!r}" if missing else f"has a column {unknown[0]!r}"
        raise usage_error(f"The input {what}.", f"Columns are: {', '.join(_COLUMNS)}.")
    problems = rows.problems()
    first: dict[str, InputRow] = {}
    for row in rows.rows:
        for name in _COLUMNS:
            value: Any = row.values.get(name)
            if value in (None, [], "") or not str(value).strip():
                problems.add(row, f"{name} is empty")
        key = str(row.values.get("username") or "").strip().lower()
        if key and first.setdefault(key, row) is not row:
            problems.add(row, f"the same user as in {rows.place(first[key])}")
    problems.raise_if_any()
