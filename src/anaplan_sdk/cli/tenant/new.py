"""`anaplan tenant new`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.tenant.files import require_emulator
from anaplan_sdk.cli.wording import quoted

_START = """\
# yaml-language-server: $schema={schema}
#
# A tenant for the Anaplan emulator. All members are described by the schema in the first line,
# which editors use to complete them; 'anaplan emulator --schema' prints it.
#
#   anaplan tenant check {file}
#   anaplan tenant show {file}
#   anaplan emulator --tenant {file}

name: My company

users:
  - email: me@company.com
    password: secret # Only for the emulator.
    first_name: My
    last_name: Self
    workspaces:
      Planning: admin

workspaces:
  - name: Planning
    models:
      - name: Sales
        # Time has twelve months by default; "calendar" describes other calendars.
        first_month: 2026-01-01
        versions: [Actual, Budget]

        lists:
          - name: Categories
            items:
              - {{name: Fruit, code: FR}}
              - {{name: Vegetables, code: VE}}
          - name: Products
            parent: Categories
            properties:
              - {{name: Price, format: NUMBER}}
            # Many items stand better in a file beside this one: items_file: products.csv
            items:
              - {{name: Apple, code: P1, parent: Fruit, properties: {{Price: 1.5}}}}
              - {{name: Carrot, code: P2, parent: Vegetables}}

        modules:
          - name: Units sold
            dimensions: [Products, Time, Versions]
            line_items:
              - name: Units
              - name: Returns
              - {{name: Net, formula: Units - Returns}}
              - {{name: Listed, format: BOOLEAN}}
            cells:
              - {{Products: P1, Time: Jan 26, Versions: Actual, Units: 120, Returns: 4}}

        files:
          - name: products.csv

        imports:
          - name: Products from products.csv
            file: products.csv
            target:
              list: Products
              code: sku # The name of a column.
              name: product
              parent: category
              properties: {{Price: price}}

        exports:
          - name: Units sold.csv
            module: Units sold

        processes:
          - name: Load and export
            actions: [Products from products.csv, Units sold.csv]
"""


@examples(
    "anaplan tenant new",
    "anaplan tenant new tests/tenant.yaml",
    "anaplan tenant new - | less",
)
def new(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A YAML file, or - for stdout.")
    ] = "tenant.yaml",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write a small tenant file to start from.

    It has a user, a workspace and a model with two lists, a module, a file, an import, an export
    and a process, with comments. An existing file is not replaced without --force.
    """
    invocation = Invocation.of(context)
    require_emulator()
    from anaplan_emulator.tenant.tenant_schema import schema_file

    if not file.strip():
        raise usage_error("FILE is empty.", "Name a file, or - for stdout.")
    path = Path("tenant.yaml" if file == "-" else file)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise usage_error(f"{file!r} is not a YAML file.", "Name one that ends in .yaml.")
    text = _START.format(schema=schema_file().as_uri(), file=quoted(str(path)))
    if file == "-":
        print(text, end="")
        return
    try:
        with path.open("w" if force else "x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise usage_error(
            f"{file!r} exists already.", "Name another file, or replace it with --force."
        ) from None
    except OSError as error:
        raise usage_error(
            f"{file!r} can't be written: {error.strerror}.", "Name another file."
        ) from None
    if invocation.options.output in ("json", "jsonl"):
        print(json.dumps({"file": str(path)}))
    invocation.say(
        f"Wrote {path}. Start an emulator with it: 'anaplan emulator --tenant {quoted(str(path))}'."
    )
