"""Items of lists as rows: the columns of an input, and the rows that are printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.model_data.input_rows import InputRow, InputRows, Problems
from anaplan_sdk.cli.model_data.input_values import boolean, converted

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.models import ListMetadata
    from anaplan_sdk.progress import ProgressCallback

FIELDS = ("id", "name", "code", "parent")
SUBSET, PROPERTY = "subset: ", "property: "
# Anaplan returns the items of larger lists page by page only, and without their ids.
MOST_WITH_IDS = 1_000_000

_NESTED = {"subsets": SUBSET, "properties": PROPERTY}


class Target(NamedTuple):
    """What a column of the input is.

    Attributes:
        kind: `field`, `subset` or `property`.
        name: Its name at Anaplan.
        data_type: The format of a property.
    """

    kind: str
    name: str
    data_type: str = "TEXT"


@dataclass(frozen=True)
class ItemReader:
    """Makes items of rows.

    Attributes:
        source: The rows.
        targets: What each column is; columns that are not used are left out.
        is_numbered: Whether the list is a numbered list, whose items have no names of their own.
        skips_empty: Whether an update leaves properties alone whose cell is empty.
    """

    source: InputRows
    targets: Mapping[str, Target]
    is_numbered: bool
    skips_empty: bool

    def key(self, row: InputRow, name: str) -> str | None:
        """Return the id, name, code or parent of a row's item.

        Args:
            row: The row.
            name: Which of them.

        Returns:
            The text; None if the row has none.
        """
        for column, target in self.targets.items():
            if target == Target("field", name):
                value = row.values.get(column)
                return None if value is None else str(value).strip() or None
        return None

    def new_item(self, row: InputRow, problems: Problems) -> dict[str, Any]:
        """Return an item to be added.

        Args:
            row: The row.
            problems: Takes what is wrong with it.

        Returns:
            The item.
        """
        if self.key(row, "id"):
            problems.add(row, "new items have no id yet: leave it out, or give --ignore id")
        if self.is_numbered and self.key(row, "name"):
            problems.add(row, "items of a numbered list have no name: give --ignore name")
        elif not self.is_numbered and not self.key(row, "name"):
            problems.add(row, "the name is missing")
        names = ("code", "parent") if self.is_numbered else ("name", "code", "parent")
        return self._item(row, names, problems, is_new=True)

    def update(self, row: InputRow, problems: Problems) -> dict[str, Any]:
        """Return a change of an item.

        Args:
            row: The row.
            problems: Takes what is wrong with it.

        Returns:
            The change.
        """
        self._require_key(row, problems)
        # The name in a numbered list, such as #1, can't be changed.
        names = ("id", "code", "parent") if self.is_numbered else FIELDS
        return self._item(row, names, problems, is_new=False)

    def identity(self, row: InputRow, problems: Problems) -> dict[str, Any]:
        """Return what identifies an item that is to be deleted.

        Args:
            row: The row.
            problems: Takes what is wrong with it.

        Returns:
            The id, else the code, else the name: Anaplan takes only one of them.
        """
        keys = ((name, self.key(row, name)) for name in ("id", "code", "name"))
        found = next(((name, key) for name, key in keys if key), None)
        if found is None:
            problems.add(row, "there is no id, code or name")
        return dict([found] if found else [])

    def _require_key(self, row: InputRow, problems: Problems) -> None:
        names = ("id", "code") if self.is_numbered else ("id", "code", "name")
        if not any(self.key(row, name) for name in names):
            listed = "id or code" if self.is_numbered else "id, code or name"
            problems.add(row, f"there is no {listed}")

    def _item(
        self, row: InputRow, names: Sequence[str], problems: Problems, *, is_new: bool
    ) -> dict[str, Any]:
        item: dict[str, Any] = {
            name: key for name in names if (key := self.key(row, name)) is not None
        }
        for column, target in self.targets.items():
            if target.kind == "field" or column not in row.values:
                continue
            value = row.values[column]
            is_empty = value is None or value == ""
            if is_empty and (is_new or self.skips_empty or target.kind == "subset"):
                continue
            try:
                if target.kind == "subset":
                    item.setdefault("subsets", {})[target.name] = boolean(value)
                else:
                    found = None if is_empty else converted(value, target.data_type)
                    item.setdefault("properties", {})[target.name] = found
            except ValueError as error:
                problems.add(row, f"{column}: {error}")
        return item


def item_reader(
    source: InputRows,
    metadata: ListMetadata,
    *,
    mapped: Mapping[str, str],
    ignored: Sequence[str],
    skips_empty: bool = False,
) -> ItemReader:
    """Find out what the columns of an input are.

    Args:
        source: The rows, flattened.
        metadata: The list.
        mapped: Columns by what they are, as `--map` says.
        ignored: Columns that are not used.
        skips_empty: Whether an update leaves properties alone whose cell is empty.

    Returns:
        The reader.

    Raises:
        CommandError: A column is not known, or two are the same.
    """
    meanings = {column: column for column in source.columns}
    for column in (*mapped.values(), *ignored):
        # Nothing is known of the columns of an input without rows.
        if source.rows and column not in meanings:
            listed = ", ".join(source.columns)
            raise usage_error(f"The input has no column {column!r}.", f"It has: {listed}.")
    for column in ignored:
        meanings.pop(column, None)
    meanings |= {column: text for text, column in mapped.items() if column in meanings}
    targets: dict[str, Target] = {}
    unknown: list[str] = []
    for column, text in meanings.items():
        target = _target(text, metadata)
        if target is None:
            unknown.append(text)
        elif target in targets.values():
            raise usage_error(
                f"Two columns are the item's {target.name!r}.", "Give --ignore for one of them."
            )
        else:
            targets[column] = target
    if unknown:
        raise usage_error(
            f"The list {metadata.name!r} has no {' and no '.join(map(repr, unknown))}.",
            f"{_known(metadata)} --map FIELD=COLUMN renames a column, --ignore COLUMN skips it.",
        )
    return ItemReader(source, targets, metadata.numbered_list, skips_empty)


def flattened(source: InputRows) -> InputRows:
    """Make columns of the objects `properties` and `subsets`, as JSON has them.

    Args:
        source: The rows.

    Returns:
        The rows, as they would be in CSV.
    """
    rows: list[InputRow] = []
    columns: dict[str, None] = {}
    for row in source.rows:
        values: dict[str, Any] = {}
        for column, value in row.values.items():
            prefix = _NESTED.get(column)
            if prefix and isinstance(value, dict):
                nested = cast("dict[str, Any]", value)
                values |= {f"{prefix}{name}": each for name, each in nested.items()}
            else:
                values[column] = value
        columns |= dict.fromkeys(values)
        rows.append(replace(row, values=values))
    return replace(source, rows=rows, columns=list(columns) if rows else source.columns)


def _target(text: str, metadata: ListMetadata) -> Target | None:
    """Return what a column is by its text; None if the list does not have it."""
    folded = text.strip().casefold()
    if folded in FIELDS:
        return Target("field", folded)
    if folded.startswith(SUBSET.strip()):
        name = folded.removeprefix(SUBSET.strip()).strip()
        found = [each.name for each in metadata.subsets if each.name.casefold() == name]
        return Target("subset", found[0]) if found else None
    name = folded.removeprefix(PROPERTY.strip()).strip()
    for each in metadata.properties:
        if str(each.get("name")).casefold() not in (name, folded):
            continue
        if each.get("formula"):
            raise usage_error(
                f"The property {each.get('name')!r} is calculated by a formula.",
                f"Leave the column out, or give --ignore {text!r}.",
            )
        return Target("property", str(each.get("name")), str(each.get("format") or "TEXT"))
    return None


def _known(metadata: ListMetadata) -> str:
    names = [*FIELDS, *(_property_column(str(each.get("name"))) for each in metadata.properties)]
    names += [f"{SUBSET}{each.name}" for each in metadata.subsets]
    return f"Columns are: {', '.join(names)}."


def _property_column(name: str) -> str:
    # A property may be called `Code`.
    is_clear = name.casefold() not in FIELDS and not name.casefold().startswith(SUBSET.strip())
    return name if is_clear else f"{PROPERTY}{name}"


def existing_items(
    client: Client,
    list_id: str,
    metadata: ListMetadata,
    *,
    with_ids: bool,
    on_progress: ProgressCallback | None = None,
) -> Iterator[dict[str, Any]]:
    """Read the items of a list.

    Args:
        client: The client.
        list_id: The list.
        metadata: The list.
        with_ids: Whether ids are needed; without them, lists of any size take little memory.
        on_progress: Called for every page that is read.

    Yields:
        The items with `name`, `code`, `parent`, `properties` and `subsets`, and `id` if needed.
    """
    if with_ids:
        for item in client.tr.get_list_items(list_id, return_raw=True):
            yield {
                "id": str(item.get("id")),
                **{name: item.get(name) for name in ("name", "code", "parent")},
                **{name: item.get(name) or {} for name in ("properties", "subsets")},
            }
        return
    subset_names = {each.name for each in metadata.subsets}
    with closing(client.tr.read_list(list_id, on_progress=on_progress)) as rows:
        for row in rows:
            # The first five columns are the item's own; the names of others may repeat theirs.
            (_, name), (_, parent), _, _, (_, code), *others = row.items()
            yield {
                "name": name,
                "code": code or None,
                "parent": parent or None,
                "properties": {
                    _original(column, metadata): value
                    for column, value in others
                    if column not in subset_names
                },
                "subsets": {
                    column: value.casefold() == "true"
                    for column, value in others
                    if column in subset_names
                },
            }


def _original(column: str, metadata: ListMetadata) -> str:
    """Return the name of a property whose column was numbered, as another has the same name."""
    names = {str(each.get("name")) for each in metadata.properties}
    shorter = column.rpartition(" (")[0]
    return shorter if column not in names and shorter in names else column


def flat_columns(metadata: ListMetadata, *, with_ids: bool) -> list[str]:
    """Return the columns of a list's items, as tables and CSV have them.

    Args:
        metadata: The list.
        with_ids: Whether there are ids.

    Returns:
        The columns, which the commands that write items understand as well.
    """
    return [
        *(FIELDS if with_ids else FIELDS[1:]),
        *(f"{SUBSET}{each.name}" for each in metadata.subsets),
        *(_property_column(str(each.get("name"))) for each in metadata.properties),
    ]


def flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a row of a table or CSV.

    Args:
        item: The item, as `existing_items` yields it.

    Returns:
        The row.
    """
    return {
        **{name: item[name] for name in FIELDS if name in item},
        **{f"{SUBSET}{name}": value for name, value in item["subsets"].items()},
        **{_property_column(name): value for name, value in item["properties"].items()},
    }
