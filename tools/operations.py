"""Make the table of operations: what of Anaplan's APIs is which method, and which test shows it.

The operations are those of the community's specifications, which lie beside the project; without
them there is nothing to do. All else is taken from a run of the tests:

    pytest --operations=FOLDER
    python tools/operations.py FOLDER           writes docs/reference/coverage.md
    python tools/operations.py FOLDER --check   fails when the run doesn't show what the page says

An operation without a method, in either client, without an answer of the emulator's or without a
test is an error.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from anaplan_emulator.apis import ENDPOINTS

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "reference" / "coverage.md"
SPECIFICATIONS = Path(os.environ.get("ANAPLAN_SPECS") or ROOT.parent / "shared" / "specs")

TITLES = {
    "authentication": "Authentication",
    "oauth": "OAuth 2.0",
    "integration": "Integration",
    "alm": "ALM",
    "audit": "Audit",
    "scim": "SCIM",
    "cloudworks": "CloudWorks",
    "exception": "Exception users",
    "administration": "Administration",
    "financial-consolidation": "Financial Consolidation",
}

# Signing in happens inside of every method, so what stands for it is named here.
SIGNING_IN = {
    "POST /token/authenticate": "authenticate",
    "POST /token/refresh": "authenticate",
    "GET /token/validate": "authenticate",
    "POST /token/logout": "logout",
    "GET /auth/authorize": "Oauth.authorization_url",
    "POST /oauth/device/code": "authenticate",
    "POST /oauth/token": "Oauth.fetch_token",
}

# Anaplan has removed it; what it told is found by another method.
REMOVED = {"GET /integrations/anaplanModels/{modelId}": "cw.get_integrations"}

# Another name of the same operation.
SAME = {"POST /models/{modelId}/onlineStatus": "PUT /models/{modelId}/onlineStatus"}

# Open to anybody, so that nobody is refused.
OPEN = ("GET /ResourceTypes", "GET /Schemas", "GET /ServiceProviderConfig")

# Where each operation is asked to succeed and to refuse.
CONTRACT = ("tests/contract/test_replies.py", "tests/contract/test_oauth_replies.py")

INTRODUCTION = """\
# Operations and methods

Every operation of Anaplan's public APIs, the method that asks for it in both clients, what answers
in the emulator and with which statuses, and a test that shows it for `Client` and `AsyncClient`.
A path below a model is the same operation with and without its workspace; the method uses one of
the two forms, the emulator answers both. Made by `make coverage` from a run of the tests; don't
edit it.
"""


class Record(NamedTuple):
    """A request that was sent in a test."""

    test: str
    method: str
    verb: str
    path: str
    status: int


@dataclass(frozen=True)
class Operation:
    """An operation of a specification."""

    api: str
    verb: str
    prefix: str
    path: str

    @property
    def name(self) -> str:
        """As the page calls it."""
        return f"{self.verb} {self.path}"

    @cached_property
    def key(self) -> str:
        """The same for both forms of a path below a model (facts of Anaplan's help, "Models")."""
        path = self.path.rstrip("/")
        if "/models/{modelId}/" in path:
            path = path.removeprefix("/workspaces/{workspaceId}")
        return f"{self.verb} {self.prefix}{_nameless(path)}"


@dataclass
class Row:
    """What the run showed of an operation.

    Attributes:
        operation: The operation.
        shown: Every method in both clients with every test that shows it, the plainest first.
        handler: What answers in the emulator.
        statuses: What it answered in the contract tests.
    """

    operation: Operation
    shown: list[tuple[str, str]]
    handler: str
    statuses: list[int]

    @property
    def gaps(self) -> Iterator[str]:
        """What is missing."""
        if not self.shown:
            yield "no method with a test in both clients"
        if not self.handler:
            yield "not answered by the emulator"
        is_removed = self.operation.name in REMOVED
        if not is_removed and not any(status < 400 for status in self.statuses):
            yield "no success in the contract tests"
        is_open = self.operation.name in OPEN
        if not is_open and not any(status >= 400 for status in self.statuses):
            yield "no refusal in the contract tests"

    def line(self, present: str) -> str:
        """The row of the table; what is in the present page stays, if the run has shown it."""
        statuses = ", ".join(map(str, self.statuses))
        lines = [
            f"| `{self.operation.name}` | `{method}` | `{self.handler}`: {statuses} | {test} |"
            for method, test in self.shown or [("", "")]
        ]
        return next((line for line in lines if line in present), lines[0])


def operations() -> Iterator[Operation]:
    """Read the specifications."""
    for api in TITLES:
        document = json.loads((SPECIFICATIONS / f"{api}.json").read_text("utf-8"))
        prefix = urlsplit(document["servers"][0]["url"]).path
        for path, item in document["paths"].items():
            for verb in item:
                if verb in ("get", "put", "post", "patch", "delete"):
                    yield Operation(api, verb.upper(), prefix, path)


class Router:
    """Finds the operation a request was for."""

    def __init__(self, known: Iterable[Operation]) -> None:
        # Paths with fewer parameters first: /users/me is not the user called me.
        keys = {operation.key for operation in known}
        self._routes: list[tuple[str, re.Pattern[str], str]] = []
        for key in sorted(keys, key=lambda key: (key.count("{}"), key)):
            verb, _, template = key.partition(" ")
            parts = re.escape(template).replace(r"\{\}", "[^/]+").replace(r"\{path\}", ".+")
            self._routes.append((verb, re.compile(parts), key))

    def find(self, verb: str, path: str) -> str | None:
        """The operation's key; nothing for a request of no specification."""
        path = path.rstrip("/").removeprefix("/cloudworks")
        path = re.sub(r"^/2/0/workspaces/[^/]+(?=/models/[^/]+/)", "/2/0", path)
        for method, pattern, key in self._routes:
            if method == verb and pattern.fullmatch(path):
                return key
        return None


def read_records(folder: Path) -> list[Record]:
    """Read what the processes of a run have written."""
    records = [
        Record(*each)
        for path in sorted(folder.glob("*.json"))
        for each in json.loads(path.read_text("utf-8"))
    ]
    if not records:
        raise SystemExit(f"{folder} holds no records: run pytest --operations={folder}")
    return records


def rows(known: list[Operation], records: list[Record]) -> Iterator[Row]:
    """Bring together what is known of every operation."""
    router = Router(known)
    handlers = {
        router.find(endpoint.method, _nameless(endpoint.path)): _name_of(endpoint.handler)
        for endpoint in ENDPOINTS
    }
    tests: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    uses: defaultdict[str, set[str]] = defaultdict(set)
    statuses: defaultdict[str, set[int]] = defaultdict(set)
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        key = router.find(record.verb, record.path)
        if key is None:
            continue
        if record.test.startswith(CONTRACT):
            statuses[key].add(record.status)
        elif record.status < 400 and not record.test.startswith("tests/contract/"):
            test = record.test.partition("[")[0]
            seen[key].add(test)
            if record.method:
                tests[key][record.method].add(test)
                uses[record.method].add(key)
    # A test that asks for little else shows an operation best.
    breadth = Counter(test for found in seen.values() for test in found)
    for operation in known:
        key = operation.key
        if operation.name in SIGNING_IN:
            methods = {SIGNING_IN[operation.name]: seen[key]}
        elif replaced := REMOVED.get(operation.name):
            [use, *_] = sorted(uses[f"Client.{replaced}"])
            methods = {replaced: _common_tests(tests[use], replaced)}
        else:
            verb, path = SAME.get(operation.name, operation.name).split()
            twin = replace(operation, verb=verb, path=path)
            methods = _in_both_clients(tests[twin.key])
        shown = [
            (len(uses[f"Client.{method}"]), breadth[test], method, _short(test))
            for method, found in methods.items()
            for test in found
        ]
        yield Row(
            operation,
            [(method, test) for _, _, method, test in sorted(shown)],
            handlers.get(key) or ("app.unknown" if operation.name in REMOVED else ""),
            sorted(statuses[key]),
        )


def _nameless(path: str) -> str:
    """A path without its parameters' names, but for the one that may hold slashes."""
    path = path.replace("{path:path}", "{path}")
    return re.sub(r"{(?!path})\w+(?::\w+)?}", "{}", path)


def _name_of(handler: Callable[..., object]) -> str:
    if isinstance(handler, partial):
        handler = handler.func
    room = handler.__module__.removeprefix("anaplan_emulator.apis.").removesuffix(".routes")
    return f"{room}.{handler.__name__}"


def _in_both_clients(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The methods that ask for an operation in both clients, and the tests that show it."""
    names = [name.removeprefix("Client.") for name in found if name.startswith("Client.")]
    return {name: _common_tests(found, name) for name in names if f"AsyncClient.{name}" in found}


def _common_tests(found: Mapping[str, set[str]], name: str) -> set[str]:
    """The tests, as they are written, that show a method in both clients."""
    written = {test for test in found[f"AsyncClient.{name}"] if "/_async/" in test}
    return {
        test for test in written if test.replace("/_async/", "/_sync/") in found[f"Client.{name}"]
    }


def _short(test: str) -> str:
    path, _, name = test.partition("::")
    return f"{Path(path).stem}: {name}"


def table(every: list[Row], present: str) -> str:
    """Write the page, with what still holds of the present one."""
    counts = [
        f"| [{TITLES[api]}](#{TITLES[api].lower().replace(' ', '-').replace('.', '')}) "
        f"| {sum(row.operation.api == api for row in every)} |"
        for api in TITLES
    ]
    parts = [INTRODUCTION, "| API | operations |\n|---|---|\n" + "\n".join(counts) + "\n"]
    for api, title in TITLES.items():
        section = present.partition(f"## {title}\n")[2].partition("\n## ")[0]
        listed = "\n".join(row.line(section) for row in every if row.operation.api == api)
        parts.append(
            f"## {title}\n\n| operation | method | emulator | test |\n|---|---|---|---|\n{listed}\n"
        )
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="what pytest --operations has written")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    if not SPECIFICATIONS.is_dir():
        print(f"There are no specifications at {SPECIFICATIONS}: the table stays unchecked.")
        return 0
    every = list(rows(list(operations()), read_records(arguments.folder)))
    gaps = [f"{row.operation.name}: {gap}" for row in every for gap in row.gaps]
    for gap in gaps:
        print(gap)
    present = TABLE.read_text("utf-8") if TABLE.is_file() else ""
    text = table(every, present)
    if not arguments.check:
        TABLE.write_text(text, encoding="utf-8")
    elif text != present:
        lines = difflib.unified_diff(present.splitlines(), text.splitlines(), n=0, lineterm="")
        print("\n".join(lines))
        print(f"{TABLE.relative_to(ROOT)} is stale: run make coverage.")
        return 1
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
