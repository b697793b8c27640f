"""`anaplan tenant show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.table_cells import to_json
from anaplan_sdk.cli.tenant.files import checked
from anaplan_sdk.cli.wording import counted, quoted

if TYPE_CHECKING:
    from rich.tree import Tree

    from anaplan_emulator import TenantDescription

_ACTIONS = {
    "imports": "import",
    "exports": "export",
    "deletions": "deletion",
    "optimizers": "optimizer",
    "other_actions": "other action",
    "processes": "process",
}


@examples(
    "anaplan tenant show tenant.yaml",
    "anaplan tenant show tenant.yaml --model Sales",
    "anaplan tenant show tenant.yaml -o json | jq '.workspaces[].models[].lists'",
)
def show(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML, JSON or TOML file.")],
) -> None:
    """Show what a tenant file describes, as a tree.

    It shows users, and for each model its lists with their parents, properties and items, its
    modules with their dimensions and line items, and its files and actions. --model shows only the
    model with a name.
    """
    invocation = Invocation.of(context)
    tenant, problems = checked(file)
    if tenant is None:
        many = counted(len(problems), "problem")
        raise CommandError(
            ExitCode.FAILED,
            f"{file} has {many}.",
            f"'anaplan tenant check {quoted(file)}' lists them.",
        )
    described = _described(tenant)
    _shorten_paths(described, Path(file).absolute().parent)
    if (name := invocation.options.model) is not None:
        _keep_model(described, name)
    if invocation.options.output in ("json", "jsonl"):
        is_json = invocation.options.output == "json"
        print(to_json(described, indent=2 if is_json else None))
    elif invocation.options.output == "csv":
        raise usage_error("A tree can't be shown as CSV.", "Leave out --output, or give json.")
    else:
        invocation.output.draw(_tree(described))


def _shorten_paths(described: dict[str, Any], folder: Path) -> None:
    """Show paths of data beside the tenant's file as the file names them."""
    for model in (model for each in described["workspaces"] for model in each["models"]):
        for part in (*model["lists"], *model["modules"]):
            for member in ("items_file", "cells_file"):
                path = Path(part.get(member) or "")
                if path.is_relative_to(folder):
                    part[member] = path.relative_to(folder).as_posix()


def _keep_model(described: dict[str, Any], name: str) -> None:
    names = [model["name"] for each in described["workspaces"] for model in each["models"]]
    if name not in names:
        listed = ", ".join(map(repr, names)) or "none"
        raise CommandError(
            ExitCode.NOT_FOUND, f"The tenant has no model {name!r}.", f"It has: {listed}."
        )
    described["users"] = []
    for workspace in described["workspaces"]:
        workspace["models"] = [each for each in workspace["models"] if each["name"] == name]
    described["workspaces"] = [each for each in described["workspaces"] if each["models"]]


def _described(tenant: TenantDescription) -> dict[str, Any]:
    """Return what is shown of a tenant. Passwords and other secrets are left out."""
    return {
        "name": tenant.name,
        "users": [
            {
                "email": user.email,
                "name": f"{user.first_name} {user.last_name}",
                "active": user.active,
                "roles": list(user.roles),
                "workspaces": dict(user.workspaces),
            }
            for user in tenant.users
        ],
        "workspaces": [
            {"name": each.name, "models": [_described_model(model) for model in each.models]}
            for each in tenant.workspaces
        ],
    }


def _described_model(model: Any) -> dict[str, Any]:
    return {
        "name": model.name,
        "copy_of": model.copy_of or None,
        "versions": [each.name for each in model.described_versions],
        "lists": [_described_list(each) for each in model.lists],
        "modules": [
            {
                "name": each.name,
                "dimensions": list(each.dimensions),
                "line_items": [
                    {
                        "name": item.name,
                        "format": str(item.format),
                        "list": item.list or None,
                        "formula": item.formula or None,
                    }
                    for item in each.line_items
                ],
                "views": [view.name for view in each.views],
                "cells": len(each.cells),
                "cells_file": each.cells_file or None,
            }
            for each in model.modules
        ],
        "files": [file.name for file in model.files],
        "actions": [_described_action(m, each) for m in _ACTIONS for each in getattr(model, m)],
    }


def _described_list(described: Any) -> dict[str, Any]:
    return {
        "name": described.name,
        "parent": described.parent or None,
        "numbered": described.numbered,
        "properties": [
            {"name": each.name, "format": str(each.format), "list": each.list or None}
            for each in described.properties
        ],
        "subsets": [each.name for each in described.described_subsets],
        "items": len(described.items),
        "items_file": described.items_file or None,
    }


def _described_action(member: str, action: Any) -> dict[str, Any]:
    kind = _ACTIONS[member]
    target = getattr(action, "target", None)
    into = getattr(target, "list", None) or getattr(target, "module", None)
    return {
        "kind": kind,
        "name": action.name,
        "source": getattr(action, "file" if kind == "import" else "module", None) or None,
        "target": into or (getattr(action, "list", None) if kind == "deletion" else None),
        "actions": list(getattr(action, "actions", ())),
    }


def _tree(described: Mapping[str, Any]) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(printable(described["name"]), style="bold"))
    users = described["users"]
    if users:
        branch = _branch(root, "Users", len(users))
        for user in users:
            details = [user["name"], *user["roles"]]
            details += [f"{role} of {name}" for name, role in user["workspaces"].items()]
            details += [] if user["active"] else ["not active"]
            _leaf(branch, user["email"], ", ".join(details))
    for workspace in described["workspaces"]:
        node = _leaf(root, workspace["name"], "workspace")
        for model in workspace["models"]:
            _add_model(node, model)
    return root


def _add_model(parent: Tree, model: Mapping[str, Any]) -> None:
    copied = f", copy of {model['copy_of']}" if model["copy_of"] else ""
    node = _leaf(parent, model["name"], f"model{copied}, versions: {', '.join(model['versions'])}")
    if lists := model["lists"]:
        _add_lists(_branch(node, "Lists", len(lists)), lists)
    if modules := model["modules"]:
        branch = _branch(node, "Modules", len(modules))
        for module in modules:
            by = ", ".join(module["dimensions"])
            cells = module["cells_file"] or (
                counted(module["cells"], "cell") if module["cells"] else ""
            )
            one = _leaf(branch, module["name"], f"by {by}{f'; {cells}' if cells else ''}")
            _leaf(one, "line items:", ", ".join(map(_line_item, module["line_items"])), style="")
            if module["views"]:
                _leaf(one, "views:", ", ".join(module["views"]), style="")
    if files := model["files"]:
        branch = _branch(node, "Files", len(files))
        for file in files:
            _leaf(branch, file, "")
    if actions := model["actions"]:
        branch = _branch(node, "Actions", len(actions))
        for action in actions:
            _leaf(branch, action["name"], _action_text(action))


def _add_lists(branch: Tree, lists: Sequence[Mapping[str, Any]]) -> None:
    """Add lists below their parents."""
    names = {each["name"] for each in lists}
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    for each in lists:
        parent = each["parent"] if each["parent"] in names else None
        children.setdefault(parent, []).append(each)
    added: set[str] = set()

    def add(node: Tree, found: Iterable[Mapping[str, Any]]) -> None:
        for each in found:
            if each["name"] not in added:
                added.add(each["name"])
                add(
                    _leaf(node, each["name"], "; ".join(_list_texts(each))),
                    children.get(each["name"], ()),
                )

    add(branch, children.get(None, ()))
    add(branch, lists)  # Those that are below each other.


def _list_texts(described: Mapping[str, Any]) -> Iterator[str]:
    items = described["items_file"]
    yield f"items in {items}" if items else counted(described["items"], "item")
    if described["numbered"]:
        yield "numbered"
    if described["properties"]:
        yield f"properties: {', '.join(map(_field, described['properties']))}"
    if described["subsets"]:
        yield f"subsets: {', '.join(described['subsets'])}"


def _field(field: Mapping[str, Any]) -> str:
    return f"{field['name']} ({field['list'] or field['format'].lower()})"


def _line_item(item: Mapping[str, Any]) -> str:
    return f"{item['name']} = {item['formula']}" if item["formula"] else _field(item)


def _action_text(action: Mapping[str, Any]) -> str:
    kind = action["kind"]
    if kind == "process":
        return f"process: {', '.join(action['actions'])}"
    source, target = action["source"], action["target"]
    if kind == "import":
        return f"import from {source or 'no file'} into {target or 'nothing that is known'}"
    of = f" of {source}" if source else ""
    return f"{kind}{f' from {target} by {source}' if target else of}"


def _branch(parent: Tree, title: str, count: int) -> Tree:
    return _leaf(parent, title, f"({count:,})", style="bold")


def _leaf(parent: Tree, name: str, details: str, *, style: str = "cyan") -> Tree:
    from rich.text import Text

    text = Text(printable(name), style=style)
    if details:
        text.append(f"  {printable(details)}" if style != "bold" else f" {details}", style="")
    return parent.add(text)
