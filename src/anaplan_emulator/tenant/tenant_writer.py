"""Writing a tenant's description to a file, with large data in files beside it."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol

from anaplan_emulator.tenant.file_names import (
    ITEM_MEMBERS,
    PROPERTY,
    SUBSET,
    YAML_SUFFIXES,
    needs_prefix,
)
from anaplan_emulator.tenant.list_description import ItemDescription, ListDescription, Scalar
from anaplan_emulator.tenant.model_description import FileDescription, ModelDescription
from anaplan_emulator.tenant.module_description import ModuleDescription
from anaplan_emulator.tenant.tenant_description import TenantDescription

DataPlacement = Literal["csv", "inline"]
"""Where data is written: `csv` puts large data into files beside the tenant's file."""

LARGEST_INLINE_ROWS = 1000
LARGEST_INLINE_BYTES = 50_000
# Lists that are empty by default, but not in a way that the dump of a description recognizes.
_EMPTY_BY_DEFAULT = ("roles", "licenses")


class DataPlace(Protocol):
    """Where the data of a tenant is put: into its description, or into files."""

    def items(
        self, model: str, description: ListDescription, items: Iterable[ItemDescription]
    ) -> ListDescription:
        """Return a list with its items.

        Args:
            model: Name of the model.
            description: The list without them.
            items: The items.
        """

    def cells(
        self, model: str, description: ModuleDescription, cells: Iterable[dict[str, Scalar]]
    ) -> ModuleDescription:
        """Return a module with its cells.

        Args:
            model: Name of the model.
            description: The module without them.
            cells: The cells.
        """

    def default(
        self, model: str, description: FileDescription, chunks: Iterable[bytes]
    ) -> FileDescription:
        """Return a file with its default content.

        Args:
            model: Name of the model.
            description: The file without it.
            chunks: The content.
        """


class InDescription:
    """Puts all data into the description."""

    def items(
        self,
        model: str,  # noqa: ARG002 (of the protocol)
        description: ListDescription,
        items: Iterable[ItemDescription],
    ) -> ListDescription:
        """Return a list with its items."""
        return description.model_copy(update={"items": tuple(items)})

    def cells(
        self,
        model: str,  # noqa: ARG002 (of the protocol)
        description: ModuleDescription,
        cells: Iterable[dict[str, Scalar]],
    ) -> ModuleDescription:
        """Return a module with its cells."""
        return description.model_copy(update={"cells": tuple(cells)})

    def default(
        self,
        model: str,  # noqa: ARG002 (of the protocol)
        description: FileDescription,
        chunks: Iterable[bytes],
    ) -> FileDescription:
        """Return a file with its default content.

        Raises:
            ValueError: The content isn't text in the file's encoding.
        """
        content = b"".join(chunks)
        try:
            text = content.decode(description.codec)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"the content of {description.name} is not {description.encoding} text, which a"
                " description can't contain: save the tenant with its data in files"
            ) from error
        return description.model_copy(update={"default": text})


class InFiles:
    """Puts large data into files, which are written as the data is read.

    Args:
        folder: The folder of the tenant's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._in_description = InDescription()
        self._names: set[str] = set()

    def items(
        self, model: str, description: ListDescription, items: Iterable[ItemDescription]
    ) -> ListDescription:
        """Return a list with its items, or with the file that contains them."""
        first, rest = _first_rows(items)
        if len(first) <= LARGEST_INLINE_ROWS:
            return self._in_description.items(model, description, first)
        path = self._path(model, "lists", description.name, ".csv")
        _write_csv(self._folder / path, _item_rows(description, chain(first, rest)))
        return description.model_copy(update={"items": (), "items_file": path})

    def cells(
        self, model: str, description: ModuleDescription, cells: Iterable[dict[str, Scalar]]
    ) -> ModuleDescription:
        """Return a module with its cells, or with the file that contains them."""
        first, rest = _first_rows(cells)
        if len(first) <= LARGEST_INLINE_ROWS:
            return self._in_description.cells(model, description, first)
        path = self._path(model, "modules", description.name, ".csv")
        _write_csv(self._folder / path, _cell_rows(description, chain(first, rest)))
        return description.model_copy(update={"cells": (), "cells_file": path})

    def default(
        self, model: str, description: FileDescription, chunks: Iterable[bytes]
    ) -> FileDescription:
        """Return a file with its default content, or with the file that contains it."""
        remaining = iter(chunks)
        first = next(remaining, b"")
        if len(first) <= LARGEST_INLINE_BYTES:
            following = next(remaining, None)
            if following is None and _is_text(first, description.codec):
                return self._in_description.default(model, description, [first])
            remaining = chain([] if following is None else [following], remaining)
        suffix = Path(description.name).suffix
        path = self._path(model, "files", description.name.removesuffix(suffix), suffix)
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(chain([first], remaining))
        return description.model_copy(update={"default": None, "default_file": path})

    def _path(self, model: str, kind: str, name: str, suffix: str) -> str:
        """Return a path that no other file has, relative to the folder."""
        parts = [_file_name(part) for part in (model, kind, name)]
        suffix = re.sub(r"[^A-Za-z0-9.]", "", suffix)
        base = path = "/".join(parts)
        number = 2
        while f"{path}{suffix}".lower() in self._names:
            path = f"{base}-{number}"
            number += 1
        self._names.add(f"{path}{suffix}".lower())
        return f"{path}{suffix}"


def write_tenant(
    description: TenantDescription, path: Path, *, data: DataPlacement = "csv"
) -> None:
    """Write a tenant's file.

    Args:
        description: The tenant.
        path: The file, which is YAML if its suffix is `.yaml` or `.yml`, and JSON otherwise. Its
            folder is created if it doesn't exist.
        data: `csv` writes the items of a list and the cells of a module to CSV files beside it if
            there are more than 1,000 of them, and large default contents of files. `inline` writes
            all data into the tenant's file.

    Raises:
        OSError: A file can't be written.
    """
    with staged(path) as target:
        place = InFiles(target.parent) if data == "csv" else InDescription()
        workspaces = tuple(
            workspace.model_copy(
                update={"models": tuple(_placed(model, place) for model in workspace.models)}
            )
            for workspace in description.workspaces
        )
        write_description(description.model_copy(update={"workspaces": workspaces}), target)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Write files in a temporary folder, and move them to their places once all are complete.

    If one can't be written, none is replaced.

    Args:
        path: The tenant's file, which is moved last. Its folder is created if it doesn't exist.

    Yields:
        The path of the file to write, in the temporary folder.
    """
    folder = path.parent
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=folder, prefix=f".{path.name}-") as temporary:
            staging = Path(temporary)
            yield staging / path.name
            others = [each for each in staging.rglob("*") if each.parent != staging]
            for each in (*others, *staging.glob("*")):
                if each.is_file():
                    target = folder / each.relative_to(staging)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    each.replace(target)
    except BaseException:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise


def write_description(description: TenantDescription, path: Path) -> None:
    """Write a tenant's file, in which data is where the description has it.

    Args:
        description: The tenant.
        path: The file.

    Raises:
        OSError: The file can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if path.suffix.lower() not in YAML_SUFFIXES:
            file.write(tenant_json(description))
            return
        # The emulator starts faster without it.
        from ruamel.yaml import YAML, ScalarNode
        from ruamel.yaml.representer import SafeRepresenter

        class Representer(SafeRepresenter):
            """Quotes texts with a line break of YAML 1.1, which would be read as a space."""

            def represent_str(self, data: str) -> ScalarNode:
                style = '"' if "\x85" in data else None
                return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

        Representer.add_representer(str, Representer.represent_str)
        yaml = YAML(typ="safe", pure=True)
        yaml.Representer = Representer
        yaml.default_flow_style = False
        yaml.allow_unicode = True
        yaml.width = 100
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        yaml.dump(_content(description), file)


def tenant_json(description: TenantDescription) -> str:
    """Return the text of a tenant's file as JSON.

    Args:
        description: The tenant.

    Returns:
        The text, without members that have their defaults.
    """
    return json.dumps(_content(description), indent=2, ensure_ascii=False) + "\n"


def _placed(model: ModelDescription, place: DataPlace) -> ModelDescription:
    lists = [
        place.items(model.name, each, each.items) if each.items else each for each in model.lists
    ]
    modules = [
        place.cells(model.name, each, each.cells) if each.cells else each for each in model.modules
    ]
    files = [
        each
        if each.default is None
        else place.default(model.name, each, [each.default.encode(each.codec)])
        for each in model.files
    ]
    return model.model_copy(
        update={"lists": tuple(lists), "modules": tuple(modules), "files": tuple(files)}
    )


def _first_rows(rows: Iterable[Any]) -> tuple[list[Any], Iterator[Any]]:
    remaining = iter(rows)
    return list(islice(remaining, LARGEST_INLINE_ROWS + 1)), remaining


def _item_rows(
    description: ListDescription, items: Iterable[ItemDescription]
) -> Iterator[list[str]]:
    properties = [each.name for each in description.properties]
    subsets = [each.name for each in description.described_subsets]
    without = {"name" if description.numbered else "", "" if description.parent else "parent"}
    members = [name for name in ITEM_MEMBERS if name not in without]
    yield [
        *members,
        *(f"{PROPERTY}{name}" if needs_prefix(name) else name for name in properties),
        *(f"{SUBSET}{name}" for name in subsets),
    ]
    for item in items:
        yield [
            *(getattr(item, name) or "" for name in members),
            *(_text(item.properties.get(name)) for name in properties),
            *("true" if name in item.subsets else "" for name in subsets),
        ]


def _cell_rows(
    description: ModuleDescription, cells: Iterable[dict[str, Scalar]]
) -> Iterator[list[str]]:
    line_items = [item.name for item in description.line_items if not item.is_computed]
    columns = list(dict.fromkeys([*description.dimensions, *line_items]))
    yield columns
    for cell in cells:
        yield [_text(cell.get(name)) for name in columns]


def _text(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _write_csv(path: Path, rows: Iterable[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _file_name(name: str) -> str:
    """Return a name that every file system accepts."""
    cleaned = re.sub(r"[^\w -]", "_", name).strip(" .")[:80]
    is_reserved = re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", cleaned)
    return f"_{cleaned}" if is_reserved or not cleaned else cleaned


def _is_text(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _content(description: TenantDescription) -> Any:
    return _without_empty(description.model_dump(mode="json", exclude_defaults=True))


def _without_empty(content: Any) -> Any:
    """Leave out members that are empty by default."""
    if isinstance(content, Mapping):
        return {
            name: _without_empty(value)
            for name, value in content.items()
            if value != {} and not (value == [] and name in _EMPTY_BY_DEFAULT)
        }
    if isinstance(content, list):
        return [_without_empty(value) for value in content]
    return content
