"""Items of lists that a command line names, as rows of an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.model_data.input_rows import InputRow, InputRows
from anaplan_sdk.cli.wording import quoted

if TYPE_CHECKING:
    from anaplan_sdk import Client

_ID_LENGTH = 12


def rows_of_items(references: Sequence[str]) -> InputRows:
    """Return a row for each item, with its reference as name.

    Args:
        references: Names, codes or ids.

    Returns:
        The rows.

    Raises:
        CommandError: One is empty.
    """
    if not all(each.strip() for each in references):
        raise usage_error("An item is empty.", "Name it by its name, code or id.")
    different = dict.fromkeys(each.strip() for each in references)
    rows = [InputRow(number, {"name": text}) for number, text in enumerate(different, 1)]
    return InputRows(rows, ["name"], "item", "-")


def with_ids(client: Client, list_id: str, list_name: str, source: InputRows) -> InputRows:
    """Find the items of rows from `rows_of_items`.

    Args:
        client: The client.
        list_id: The list.
        list_name: Its name, for messages.
        source: The rows.

    Returns:
        The rows with ids; two references to the same item are one row.

    Raises:
        CommandError: The list has no such item, or several.
        AnaplanException: The list could not be read.
    """
    from anaplan_sdk.exceptions import AnaplanRequestException

    references = [str(row.values["name"]) for row in source.rows]
    found = client.tr.lookup_dimension_items(list_id, names=references)
    try:
        found += client.tr.lookup_dimension_items(list_id, codes=references)
    except AnaplanRequestException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:  # The items have no codes.
            raise
    rows: dict[str, InputRow] = {}
    for row, text in zip(source.rows, references, strict=True):
        matching = {
            str(each.id): each.name
            for each in found
            if text.casefold() in (each.name.casefold(), each.code.casefold())
        }
        # An id is known by its form: Anaplan does not look up ids.
        if not matching and len(text) == _ID_LENGTH and text.isascii() and text.isdecimal():
            matching = {text: text}
        if len(matching) != 1:
            raise _not_one(list_name, text, matching)
        ((identifier, name),) = matching.items()
        rows.setdefault(identifier, replace(row, values={"id": identifier, "name": name}))
    return replace(source, rows=[*rows.values()], columns=["id", "name"])


def _not_one(list_name: str, text: str, matching: Mapping[str, str]) -> CommandError:
    if not matching:
        return CommandError(
            ExitCode.NOT_FOUND,
            f"The list {list_name!r} has no item {text!r}.",
            f"Nothing was changed. 'anaplan list read {quoted(list_name)}' prints its items.",
        )
    listed = " and ".join(f"{name!r} ({identifier})" for identifier, name in matching.items())
    return CommandError(
        ExitCode.NOT_FOUND,
        f"{text!r} is the name or code of several items: {listed}.",
        "Nothing was changed. Use one of the ids.",
    )
