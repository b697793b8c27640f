"""Guesses of what exports show, from their names and the columns that Anaplan shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from anaplan_sdk.cli.tenant.capturing.structure import (
    LINE_ITEMS,
    TIME,
    VERSIONS,
    ModuleStructure,
    Structure,
)

LAYOUTS = (
    "GRID_CURRENT_PAGE",
    "GRID_ALL_PAGES",
    "TABULAR_MULTI_COLUMN",
    "TABULAR_SINGLE_COLUMN",
)


@dataclass
class ExportGuesses:
    """Guesses what exports show.

    Attributes:
        structure: The lists and modules.
        sizes: The number of items of each dimension, where it is known.
        versions: The names of the versions.
    """

    structure: Structure
    sizes: Mapping[str, int]
    versions: set[str]

    def members(
        self, name: str, layout: str, metadata: Mapping[str, Any]
    ) -> tuple[dict[str, Any], str]:
        """Guess the module and the axes of an export.

        Args:
            name: The export's name.
            layout: Its layout.
            metadata: What Anaplan shows of its columns.

        Returns:
            The members `module`, `labels` and the axes, as far as they could be guessed, and why.
        """
        headers = [str(each) for each in metadata["header_names"]]
        module = self._module(name, headers)
        if module is None or (layout.startswith("GRID") and not module.dimensions):
            return {}, "the module could not be guessed from the name and the columns: add it"
        members: dict[str, Any] = {"module": module.name}
        text = f"module {module.name} was guessed from the name and the columns"
        lists = [self.structure.lists.get(each) for each in module.dimensions]
        if any(each is not None and each.is_numbered for each in lists):
            members["labels"] = "code"
            text += "; items of numbered lists are shown by code"
        if layout.startswith("GRID"):
            axes = self._axes(module, headers)
            members |= {axis: names for axis, names in axes.items() if names}
            text += "; the axes from the columns"
        return members, f"{text}; filters and hidden line items are not shown by Anaplan"

    def _module(self, name: str, headers: Sequence[str]) -> ModuleStructure | None:
        best: tuple[float, int, ModuleStructure] | None = None
        known = set(headers)
        for module in self.structure.modules.values():
            dimensions = sum(each in known for each in module.dimensions)
            items = sum(self._shows(each.name, headers) for each in module.line_items)
            share = items / max(len(module.line_items), 1)
            is_named = re.search(rf"\b{re.escape(module.name.casefold())}\b", name.casefold())
            score = 2 * bool(is_named) + share + dimensions / max(len(module.dimensions), 1)
            if best is None or (score, len(module.name)) > best[:2]:
                best = score, len(module.name), module
        return best[2] if best is not None and best[0] >= 1 else None

    @staticmethod
    def _shows(line_item: str, headers: Sequence[str]) -> bool:
        return any(each == line_item or each.endswith(f" {line_item}") for each in headers)

    def _axes(self, module: ModuleStructure, headers: Sequence[str]) -> dict[str, list[str]]:
        rows: list[str] = []
        for header in headers:
            if header not in module.dimensions:
                break
            rows.append(header)
        rows = rows or [each for each in module.dimensions if each != TIME][:1] or module.dimensions
        others = [each for each in module.dimensions if each not in rows]
        columns = self._on_columns(module, others, list(headers[len(rows) :]))
        pages = [each for each in [*others, LINE_ITEMS] if each not in columns]
        return {"rows": rows, "columns": columns, "pages": pages}

    def _on_columns(
        self, module: ModuleStructure, others: Sequence[str], headers: Sequence[str]
    ) -> list[str]:
        """Return the dimensions whose items the columns are."""
        count = len(module.line_items)
        named = sum(self._shows(each.name, headers) for each in module.line_items) >= max(count, 1)
        end = [LINE_ITEMS] if named else []
        expected = len(headers) // count if named else len(headers)
        fitting = [
            list(chosen)
            for number in range(len(others) + 1)
            for chosen in combinations(others, number)
            if self._product(chosen) == expected
        ]
        likely = [each for each in fitting if all(self._is_on(name, headers) for name in each)]
        # Nested dimensions have Time outside of the others as a rule.
        chosen = next(
            iter(likely or fitting), [each for each in others if self._is_on(each, headers)]
        )
        return [*sorted(chosen, key=lambda each: each != TIME), *end] or [LINE_ITEMS]

    def _product(self, names: Sequence[str]) -> int:
        result = 1
        for each in names:
            result *= self.sizes.get(each, 0)
        return result

    def _is_on(self, dimension: str, headers: Sequence[str]) -> bool:
        if dimension == TIME:
            return any(re.search(r"\b(FY)?\d\d\b", each) for each in headers)
        if dimension == VERSIONS:
            return any(version in each for each in headers for version in self.versions)
        return True
