"""The scratch model: what it must contain, and the same for the emulator."""

from __future__ import annotations

from typing import Any

SCRATCH_HELP = """\
A scratch model for 'anaplan tenant compare --write-model'

Make an empty model in a workspace that you administer. The run writes to it, and deletes at its
end what it wrote. The names are exact:

  List "Probe"                not numbered, empty, with two properties:
                              "Amount" (number) and "Day" (date)
  Module "Probe Cells"        applies to the list Probe, no time scale, no versions; line items:
                              "Amount" (number), "Partner" (list Probe), "Note" (text), and
                              "Double" (number, formula: Amount + Amount)
  Import "Probe from probe.csv"
                              into the list, from the file probe.csv with the columns
                              code,name,amount,day: code and name as such, amount to Amount,
                              day to Day; items are matched by code
  Import "Cells from cells.csv"
                              into the module, from the file cells.csv with the columns
                              code,amount: code to the list Probe by code, amount to Amount
  Export "Probe Cells.csv"    of the module, tabular with multiple columns, as CSV

The list "Probe" must be there; the other objects only for the probes that use them.

To make the imports, upload these two files in Anaplan once, then delete the items again:

  probe.csv                        cells.csv
  code,name,amount,day             code,amount
  first,First,1,2026-01-31         first,1
"""

LIST = "Probe"
MODULE = "Probe Cells"
LIST_IMPORT = "Probe from probe.csv"
CELL_IMPORT = "Cells from cells.csv"
LIST_FILE = "probe.csv"
CELL_FILE = "cells.csv"
EXPORT = "Probe Cells.csv"

OBJECTS = {
    "probeListId": ("lists", LIST),
    "probeModuleId": ("modules", MODULE),
    "probeImportId": ("imports", LIST_IMPORT),
    "cellsImportId": ("imports", CELL_IMPORT),
    "probeExportId": ("exports", EXPORT),
}
"""The placeholders of probes that write, with the listing and the name of each object."""

FILES = {"probeFileId": "probeImportId", "cellsFileId": "cellsImportId"}
"""The files of imports, by the placeholder of the import."""


def scratch_tenant() -> dict[str, Any]:
    """Return a tenant with a scratch model, for the emulator.

    Returns:
        The tenant, as in a tenant file.
    """
    model: dict[str, Any] = {
        "name": "Scratch",
        "lists": [
            {
                "name": LIST,
                "properties": [
                    {"name": "Amount", "format": "NUMBER"},
                    {"name": "Day", "format": "DATE"},
                ],
            }
        ],
        "modules": [
            {
                "name": MODULE,
                "dimensions": [LIST],
                "line_items": [
                    {"name": "Amount", "format": "NUMBER"},
                    {"name": "Partner", "format": "LIST", "list": LIST},
                    {"name": "Note", "format": "TEXT"},
                    {"name": "Double", "format": "NUMBER", "formula": "Amount + Amount"},
                ],
            }
        ],
        "files": [{"name": LIST_FILE}, {"name": CELL_FILE}],
        "imports": [
            {
                "name": LIST_IMPORT,
                "file": LIST_FILE,
                "target": {
                    "list": LIST,
                    "code": "code",
                    "name": "name",
                    "properties": {"Amount": "amount", "Day": "day"},
                },
            },
            {
                "name": CELL_IMPORT,
                "file": CELL_FILE,
                "target": {
                    "module": MODULE,
                    "dimensions": {LIST: {"column": "code", "match": "code"}},
                    "line_items": {"Amount": "amount"},
                },
            },
        ],
        "exports": [{"name": EXPORT, "module": MODULE}],
    }
    user = {
        "email": "probe@scratch.example",
        "password": "probe",
        "first_name": "Probe",
        "last_name": "User",
        "workspaces": {"Scratch": "admin"},
    }
    return {
        "name": "Scratch",
        "users": [user],
        "workspaces": [{"name": "Scratch", "models": [model]}],
    }
