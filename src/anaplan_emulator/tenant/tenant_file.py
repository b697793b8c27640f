"""Reading a tenant's description from its file, and finding all mistakes in it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from anaplan_emulator.tenant.data_problems import described_data_findings, file_findings
from anaplan_emulator.tenant.description import FOLDER, NO_FILES
from anaplan_emulator.tenant.document import (
    Document,
    document_error,
    parse_document,
    read_document,
)
from anaplan_emulator.tenant.partial_content import PartialContent
from anaplan_emulator.tenant.problems import (
    Finding,
    Location,
    TenantError,
    TenantProblem,
    place_of,
)
from anaplan_emulator.tenant.structural_problems import content_at, structural_findings
from anaplan_emulator.tenant.tenant_description import FINDINGS, TenantDescription

# Each round leaves out at least one object more.
_MOST_ROUNDS = 50
_SINGULARS = {
    "deletions": "deletion",
    "processes": "process",
    "properties": "property",
    "oauth_clients": "OAuth client",
    "api_keys": "API key",
}


def read_tenant(path: Path | str | None) -> TenantDescription:
    """Read a tenant's file, or the default tenant.

    The rows of files of data (`items_file`, `cells_file`) are checked when they are loaded;
    `check_tenant` loads them.

    Args:
        path: The file: TOML if its suffix is `.toml`, YAML if it is `.yaml` or `.yml`, and JSON
            otherwise; None for the default tenant.

    Returns:
        The description, in which the paths of files of data are absolute.

    Raises:
        TenantError: The file is missing, is not JSON, YAML or TOML, or does not describe a tenant.
            It has all mistakes in `problems`.
    """
    file = None if path is None else Path(path)
    if file is None:
        default = files("anaplan_emulator.tenant") / "default.json"
        document = parse_document(default.read_text("utf-8"), "JSON")
    else:
        document = read_document(file)
    tenant, problems = _examined(document, file)
    if tenant is None:
        raise document_error(file, *problems)
    return tenant


def parse_tenant(text: str) -> TenantDescription:
    """Read a tenant's description from JSON.

    Args:
        text: The description, which must not name files of data: who sends it may not be who can
            read files of this machine.

    Returns:
        The description.

    Raises:
        TenantError: It is not JSON, or does not describe a tenant.
    """
    document = parse_document(text, "JSON")
    tenant, problems = _examined(document, None, folder=NO_FILES)
    if tenant is None:
        raise document_error(None, *problems)
    return tenant


def find_problems(path: Path | str) -> tuple[TenantDescription | None, tuple[TenantProblem, ...]]:
    """Find the mistakes in a tenant's file and in the files of data beside it, without loading it.

    Of a file of data the first hundred mistakes are returned.

    Args:
        path: The file.

    Returns:
        The description, which is None if there are mistakes, and the mistakes in the order of the
        file.

    Raises:
        TenantError: The file can't be read.
    """
    file = Path(path)
    try:
        document = read_document(file)
    except TenantError as error:
        if not file.is_file():
            raise
        return None, error.problems
    return _examined(document, file, with_files=True)


def _examined(
    document: Document,
    path: Path | None,
    *,
    folder: Path | str | None = None,
    with_files: bool = False,
) -> tuple[TenantDescription | None, tuple[TenantProblem, ...]]:
    if path is not None:
        folder = path.absolute().parent
    findings, tenant = _all_findings(document.content, folder, with_files=with_files)
    if not findings:
        return tenant, ()
    problems = [_problem(each, document) for each in findings]
    data_files = list(dict.fromkeys(["", *(each.file for each in problems)]))
    problems.sort(key=lambda each: (data_files.index(each.file), each.line or 0))
    return None, tuple(dict.fromkeys(problems))


def _all_findings(
    content: object, folder: Path | str | None, *, with_files: bool
) -> tuple[list[Finding], TenantDescription]:
    partial = PartialContent(content)
    structural: list[Finding] = []
    for number in range(_MOST_ROUNDS):
        collected: list[Finding] = []
        try:
            tenant = TenantDescription.model_validate(
                partial.content, context={FOLDER: folder, FINDINGS: collected}
            )
            break
        except ValidationError as error:
            found = structural_findings(error, partial.content)
            # Later rounds only find what is missing because it was left out.
            structural += found if number == 0 else []
            partial.leave_out([each.location for each in found])
    else:
        return structural, TenantDescription.model_construct()
    collected += described_data_findings(tenant)
    collected += file_findings(tenant, rows=with_files)
    hinted = [replace(each, hint=partial.hint(each)) for each in collected]
    others = [
        replace(each, location=partial.original(each.location))
        for each in hinted
        if not partial.may_follow(each)
    ]
    return structural + others, tenant


def _problem(finding: Finding, document: Document) -> TenantProblem:
    line, column = finding.line, None
    if not finding.file:
        content, inside = document.content, finding.location
        is_name = bool(inside) and isinstance(content_at(content, inside[:-1]), dict)
        is_object = isinstance(content_at(content, inside), dict | list)
        position = document.position(inside, key=is_name and is_object)
        line, column = position or (None, None)
    return TenantProblem(
        place_of(finding.location),
        finding.message,
        finding.hint,
        line,
        column,
        _object_at(document.content, finding.location),
        finding.file,
    )


def _object_at(content: object, location: Location) -> str:
    """Name the object around a place, and the model that it belongs to."""
    named = [
        f"{_singular(str(location[end - 2]))} {name!r}"
        for end in _elements(location)
        if isinstance(name := _name_of(content_at(content, location[:end])), str)
    ]
    return " of ".join(reversed(named[-2:]))


def _elements(location: Location) -> Iterable[int]:
    return (n for n in range(2, len(location) + 1) if isinstance(location[n - 1], int))


def _name_of(value: object) -> object:
    if isinstance(value, dict):
        return value.get("name") or value.get("email") or value.get("code")
    return None


def _singular(member: str) -> str:
    return _SINGULARS.get(member) or re.sub(r"s$", "", member).replace("_", " ")
