"""Describing line items and views (docs/anaplan-behaviour.md#modules-line-items-and-views)."""

import math
import re
import sqlite3
from typing import Any

from anaplan_emulator.engine.cells import item_count
from anaplan_emulator.engine.model_calendar import read_calendar
from anaplan_emulator.engine.structure import VERSIONS_ID, Field, ModuleStructure, list_by_key
from anaplan_emulator.engine.views import View, ViewSummary
from anaplan_emulator.tenant.action_definitions import LINE_ITEMS
from anaplan_emulator.tenant.calendars import MONTHS
from anaplan_emulator.tenant.data_types import DataType
from anaplan_emulator.tenant.formulas import is_constant, terms

_PLAIN_NAME = re.compile(r"[\w ]+")


def describe_line_item(
    db: sqlite3.Connection, module: ModuleStructure, item: Field, *, include_all: bool
) -> dict[str, Any]:
    """Return a line item as JSON values, with all attributes for `includeAll`."""
    identity = {
        "moduleId": module.id,
        "moduleName": module.name,
        "id": item.id,
        "name": item.name,
    }
    if not include_all:
        return identity
    attributes = db.execute(
        "SELECT * FROM line_item_attributes WHERE line_item = ?", (item.key,)
    ).fetchone()
    dimension_kinds = {dimension.kind for dimension in module.dimensions}
    return {
        **identity,
        "isSummary": False,
        "startOfSection": bool(attributes["start_of_section"]),
        "broughtForward": False,
        "useSwitchover": False,
        "breakback": False,
        "cellCount": math.prod(item_count(db, dimension) for dimension in module.dimensions),
        "version": {
            "id": VERSIONS_ID,
            "name": "All" if "VERSIONS" in dimension_kinds else "Not Applicable",
        },
        "appliesTo": [
            {"id": dimension.id, "name": dimension.name}
            for dimension in module.dimensions
            if dimension.kind not in ("TIME", "VERSIONS")
        ],
        "dataTags": [],
        "referencedBy": [
            {"id": other.id, "name": other.name}
            for other in module.line_items
            if _refers_to(other, item)
        ],
        "parent": None,
        "readAccessDriver": None,
        "writeAccessDriver": None,
        "formula": item.formula,
        "format": item.data_type.value,
        "formatMetadata": _format_metadata(db, item, attributes["decimal_places"]),
        "summary": attributes["summary"],
        "timeScale": _time_scale(db, module) if "TIME" in dimension_kinds else "Not Applicable",
        "timeRange": "Model Calendar" if "TIME" in dimension_kinds else "Not Applicable",
        "formulaScope": "All Versions",
        "style": attributes["style"],
        "code": attributes["code"],
        "notes": db.execute("SELECT notes FROM line_items WHERE key = ?", (item.key,)).fetchone()[
            "notes"
        ],
    }


def describe_view(view: ViewSummary, *, in_module: bool) -> dict[str, str]:
    """Return a view as JSON values. Its name differs between the two listings."""
    name = view.name
    if view.kind == "default" and in_module:
        name = "default"
    elif view.kind == "saved" and not in_module:
        name = f"{_quoted(view.module_name)}.{_quoted(view.name)}"
    return {"code": "", "id": view.id, "name": name, "moduleId": view.module_id}


def describe_axes(view: View) -> dict[str, Any]:
    """Return a view's axes as JSON values. An empty axis is left out."""
    return {
        axis: [{"id": view.id_on_axis(name), "name": _name_on_axis(view, name)} for name in names]
        for axis, names in view.axes.items()
        if names
    }


def _name_on_axis(view: View, name: str) -> str:
    return name if name == LINE_ITEMS else view.dimension(name).name


def _quoted(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def _refers_to(other: Field, item: Field) -> bool:
    if other.stored:
        # Its formula may be any of Anaplan's.
        mention = rf"(?<![\w.]){re.escape(item.name)}(?!\w)"
        return re.search(mention, other.formula, re.IGNORECASE) is not None
    if not other.formula or is_constant(other.formula, other.data_type):
        return False
    return item.name.lower() in {term.name.lower() for term in terms(other.formula)}


def _time_scale(db: sqlite3.Connection, module: ModuleStructure) -> str:
    row = db.execute("SELECT model FROM modules WHERE key = ?", (module.key,)).fetchone()
    return "Month" if read_calendar(db, row["model"]).calendar.type == MONTHS else "Week"


def _format_metadata(db: sqlite3.Connection, item: Field, decimal_places: int) -> dict[str, Any]:
    if item.data_type is DataType.NUMBER:
        return {
            "dataType": "NUMBER",
            "minimumSignificantDigits": -1,
            "decimalPlaces": decimal_places,
            "negativeNumberNotation": "MINUS_SIGN",
            "unitsType": "NONE",
            "unitsDisplayType": "NONE",
            "customUnits": None,
            "zeroFormat": "ZERO",
            "comparisonIncrease": "GOOD",
            "groupingSeparator": "COMMA",
            "decimalSeparator": "FULL_STOP",
        }
    if item.entity_list is not None:
        return {
            "dataType": "ENTITY",
            "hierarchyEntityLongId": int(list_by_key(db, item.entity_list).id),
            "selectiveAccessApplied": False,
            "showAll": False,
        }
    if item.data_type is DataType.TEXT:
        return {"dataType": "TEXT", "textType": "GENERAL"}
    return {"dataType": item.data_type.value}
