"""Writing the description of Financial Consolidation into the database."""

import json
import sqlite3
from typing import Any

from anaplan_emulator.store.tokens import digest
from anaplan_emulator.tenant.consolidation_description import (
    ConsolidationDescription,
    DimensionDescription,
    validate_row,
)


def load_consolidation(db: sqlite3.Connection, description: ConsolidationDescription) -> None:
    """Insert the rows of all `consolidation_…` tables."""
    db.execute(
        "INSERT INTO consolidation_tenant VALUES (?, ?)",
        (description.tenant, digest(description.api_token)),
    )
    for table in description.tables:
        db.execute(
            "INSERT INTO consolidation_tables VALUES (?, ?)",
            (table.name, json.dumps(table.columns)),
        )
        db.executemany(
            "INSERT INTO consolidation_rows (table_name, content) VALUES (?, ?)",
            [(table.name, json.dumps(validate_row(table.columns, row))) for row in table.rows],
        )
    db.executemany(
        "INSERT INTO consolidation_dimensions VALUES (?, ?, ?, ?)",
        [
            (each.name, position, json.dumps(_dimension(each)), json.dumps(_members(each)))
            for position, each in enumerate(description.dimensions)
        ],
    )
    db.executemany(
        "INSERT INTO consolidation_models VALUES (?, ?)",
        [(name, json.dumps(dimensions)) for name, dimensions in description.models.items()],
    )
    db.executemany(
        "INSERT INTO consolidation_workflows (path, name, seconds) VALUES (?, ?, ?)",
        [(each.path, each.name, each.seconds) for each in description.workflows],
    )
    db.executemany("INSERT INTO consolidation_roles VALUES (?)", [(r,) for r in description.roles])
    for user in description.users:
        added = db.execute(
            "INSERT INTO consolidation_users (name, full_name, email, disabled)"
            " VALUES (?, ?, ?, ?)",
            (user.name, user.full_name, user.email, user.disabled),
        )
        db.executemany(
            "INSERT INTO consolidation_user_roles (user_id, role) VALUES (?, ?)",
            [(added.lastrowid, role) for role in user.roles],
        )


def _dimension(description: DimensionDescription) -> dict[str, Any]:
    return {
        "dimensionName": description.name,
        "dimensionType": description.type or description.name,
        "translations": None,
        "relatedDimension": None,
        "properties": [
            {
                "propertyName": each.name,
                "propertyType": each.type,
                "standardProperty": each.standard,
                "reportingProperty": each.reporting,
                "readonlyProperty": each.readonly,
                "processingStatus": 0,
                "typeInfo": each.name if each.type == "list" else each.type,
            }
            for each in description.properties
        ],
        "processingStatus": None,
    }


def _members(description: DimensionDescription) -> list[dict[str, Any]]:
    parents = {member.name: member.parent for member in description.members}

    def ancestors(name: str) -> list[str]:
        above = parents[name]
        return [*ancestors(above), above] if above else []

    return [
        {
            "memberName": member.name,
            "memberTag": None,
            "memberCaption": member.caption or member.name,
            "ancestors": "/".join(ancestors(member.name)) or None,
            "translations": [],
            "parentMemberName": member.parent or None,
            "sortOrder": position,
            "isLeaf": member.name not in parents.values(),
            "operator": member.operator,
            "startDate": None,
            "endDate": None,
            "memberStorage": "Stored",
            "properties": [{name: value} for name, value in member.properties.items()],
        }
        for position, member in enumerate(description.members, 1)
    ]
