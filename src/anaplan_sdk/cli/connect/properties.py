"""Reads the query from a file for `-jdbcproperties`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class QueryFile(NamedTuple):
    """What is needed of such a file. Its URL and user are not read, as they may hold secrets.

    Attributes:
        query: The query.
        is_procedure: Whether it is the call of a stored procedure.
        has_parameters: Whether values are bound to it.
    """

    query: str
    is_procedure: bool
    has_parameters: bool


def read_query(path: Path) -> QueryFile | None:
    """Read the query of a properties file.

    Args:
        path: The file.

    Returns:
        The query; None if the file cannot be read, or names none.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = dict(_fields(text))
    query = fields.get("jdbc.query") or fields.get("query") or ""
    procedure = fields.get("jdbc.isstoredprocedure") or fields.get("isstoredprocedure") or ""
    parameters = fields.get("jdbc.params") or fields.get("params")
    return QueryFile(query, procedure.lower() == "true", bool(parameters)) if query else None


def _fields(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\r?\n[ \t]*", "", text)
    lines = (line.strip() for line in joined.splitlines())
    found = [
        re.split(r"\s*[=:]\s*|\s+", line, maxsplit=1) for line in lines if line[:1] not in "#!"
    ]
    return [(parts[0].lower(), _unescaped(parts[1])) for parts in found if len(parts) == 2]


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), value)
