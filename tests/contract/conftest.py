"""The strictly read specifications, and an emulator that is reset before every exchange."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, TypedDict
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

from anaplan_emulator import Emulator

HERE = Path(__file__).parent
TENANT = HERE.parent / "tenants" / "shop.json"
SPECIFICATIONS = Path(os.environ.get("ANAPLAN_SPECS") or HERE.parents[2] / "shared" / "specs")

PARAMETERS = {
    "imports": "importId",
    "exports": "exportId",
    "actions": "actionId",
    "processes": "processId",
}

# The specifications that the exchanges are checked against.
STRICT = (
    "alm",
    "administration",
    "exception",
    "scim",
    "audit",
    "authentication",
    "cloudworks",
    "financial-consolidation",
    "integration",
)

JSON = ("application/json", "application/scim+json")

Held = Literal["NOT_STARTED", "IN_PROGRESS"]
Amendments = Mapping[str, Sequence[Mapping[str, Any]]]
# A function that makes an exchange, and the method and path of its operation.
PendingExchange = tuple[Callable[[], httpx2.Response], str, str]


class Contract:
    """A specification with amendments, to which exchanges must conform.

    The specifications list members, but rarely say which are required, and do not forbid others.
    Here every member is required unless an amendment makes it optional, and no other is allowed,
    so that misspelt, missing and additional members are found.

    Args:
        specification: An OpenAPI 3.0 document.
        amendments: Its section of the files in `amendments`.
    """

    def __init__(self, specification: Mapping[str, Any], amendments: Amendments) -> None:
        self._document = pickle.loads(pickle.dumps(dict(specification)))  # the fastest way to copy
        for each in amendments.get("replace", []):
            self._replace(each["at"], each["with"])
        self._optional: defaultdict[str, set[str]] = defaultdict(set)
        for each in amendments.get("optional", []):
            self._optional[each["schema"]].update(each["members"])
        self._close(self._document, "")
        self._likes = {
            _key(*each["operation"].split()): _key(*each["as"].split())
            for each in amendments.get("like", [])
        }
        self._paths: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for method, path in self.operations():
            self._paths[_key(method, path)].append(path)
        self._references: dict[str | None, set[str]] = {}
        resource = DRAFT4.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource("urn:contract", resource)

    @property
    def prefix(self) -> str:
        """The path of the server's URL, which precedes the operations' paths."""
        path: str = urlsplit(self._document["servers"][0]["url"]).path
        return path

    def operations(self) -> list[tuple[str, str]]:
        """Return the method and path of every operation."""
        return [
            (method.upper(), path)
            for path, item in self._document["paths"].items()
            for method in item
            if method in ("get", "put", "post", "patch", "delete")
        ]

    def is_removed(self, method: str, path: str) -> bool:
        """Return whether an operation is marked as deprecated: Anaplan has removed it."""
        return bool(self._document["paths"][path][method.lower()].get("deprecated"))

    def violations(self, reply: httpx2.Response, method: str, path: str) -> list[str]:
        """Return how an exchange violates the specification.

        Args:
            reply: The response, with its request.
            method: HTTP method of the operation.
            path: Path of the operation, with the names of its parameters.
        """
        pointer = self._find(method, path)
        if pointer is None:
            return [f"{method} {path} is not in the specification"]
        operation = self._resolve(pointer)
        if reply.is_error:
            return self._error_violations(reply, pointer, operation)
        if str(reply.status_code) not in operation["responses"]:
            return [f"{reply.status_code} is not in the specification"]
        response = f"{pointer}/responses/{reply.status_code}"
        response = self._resolve(response).get("$ref", response)
        found = self._content_violations(reply, response)
        if reply.headers.get("content-type") == "application/json":
            found += _paging_violations(reply.json(), paged=_is_paged(operation))
        return found + self._request_violations(reply.request, f"{pointer}/requestBody")

    def _error_violations(
        self, reply: httpx2.Response, pointer: str, operation: Mapping[str, Any]
    ) -> list[str]:
        response = operation["responses"].get(str(reply.status_code), {})
        if "$ref" in response:
            return self._content_violations(reply, response["$ref"])
        if "content" in response:
            return self._content_violations(reply, f"{pointer}/responses/{reply.status_code}")
        # Few operations specify their errors, and fewer the shape of these: each API has one shape
        # for all (docs/anaplan-behaviour.md#error-bodies).
        if reply.headers.get("content-type") != "application/json":
            return [f"an error is {reply.headers.get('content-type')}"]
        shape = "#/components/schemas/ErrorResponse"
        if self._resolve(shape) is None:
            return ["the specification has no schema for errors"]
        return self._json_violations(reply.json(), shape)

    def _content_violations(self, reply: httpx2.Response, response: str) -> list[str]:
        content = self._resolve(response).get("content", {})
        label = reply.headers.get("content-type")
        if not content:
            return [f"{label}, {len(reply.content)} bytes"] if label or reply.content else []
        # Text also has a charset.
        media_type = (label or "").removesuffix("; charset=utf-8")
        if media_type not in content:
            return [f"{label} instead of {', '.join(content)}"]
        if media_type not in JSON:
            return []
        schema = f"{response}/content/{_escape(media_type)}/schema"
        body = reply.json()
        # An empty collection is omitted (docs/anaplan-behaviour.md#empty-collections).
        if (
            isinstance(body, dict)
            and body.get("meta", {}).get("paging", {}).get("currentPageSize") == 0
        ):
            for name, member in self._resolve(schema).get("properties", {}).items():
                if member.get("type") == "array":
                    body.setdefault(name, [])
        return self._json_violations(body, schema)

    def _request_violations(self, request: httpx2.Request, pointer: str) -> list[str]:
        media_type = request.headers.get("content-type")
        if media_type not in JSON:
            return []
        described = self._resolve(pointer)
        if described is None:
            return []
        schema = f"{pointer}/content/{_escape(media_type)}/schema"
        return self._json_violations(json.loads(request.content), schema, OAS30WriteValidator)

    def _json_violations(
        self, value: Any, schema: str, dialect: Any = OAS30ReadValidator
    ) -> list[str]:
        validator = dialect(
            {"$ref": f"urn:contract{schema}"},
            registry=self._registry,
            format_checker=oas30_format_checker,
        )
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def uses(self, location: str, method: str, path: str) -> bool:
        """Return whether an operation is described at a location, or refers to it.

        Args:
            location: A pointer into the specification, or an operation's name.
            method: HTTP method of the operation.
            path: Path of the operation.
        """
        if not location.startswith("#"):
            return _key(*location.split()) == _key(method, path)
        pointer = self._find(method, path)
        parts = {pointer, pointer.rpartition("/")[0]} if pointer is not None else set[str]()
        return any(location.startswith(each) for each in parts | self._components(pointer))

    def _components(self, pointer: str | None) -> set[str]:
        """Return pointers to the components of an operation, including the shape of errors."""
        found: set[str] = set()
        to_follow = {pointer, "#/components/schemas/ErrorResponse"} - {None}
        while to_follow:
            each = to_follow.pop()
            found.add(str(each))
            if each not in self._references:
                text = json.dumps(self._resolve(str(each)))
                self._references[each] = set(re.findall(r'"(#/components/[^"]+)"', text))
            to_follow |= self._references[each] - found
        return found

    def _find(self, method: str, path: str) -> str | None:
        """Return a pointer to an operation, by either form of its path.

        Source: docs/anaplan-behaviour.md#integration-api.
        """
        key = _key(method, path)
        method, _ = key = self._likes.get(key, key)
        paths = self._paths[key]
        if not paths:
            return None
        first = path.split("/")[1]
        best = max(paths, key=lambda each: each.split("/")[1] == first)
        return f"#/paths/{_escape(best)}/{method.lower()}"

    def _resolve(self, pointer: str) -> Any:
        value: Any = self._document
        for part in _parts(pointer):
            value = value.get(part)
            if value is None:
                return None
        return value

    def _replace(self, pointer: str, value: Any) -> None:
        *above, last = _parts(pointer)
        parent = self._document
        for part in above:
            parent = parent[part]
        parent[last] = copy.deepcopy(value)

    def _close(self, node: Any, pointer: str) -> None:
        if isinstance(node, list):
            for index, each in enumerate(node):
                self._close(each, f"{pointer}/{index}")
        elif isinstance(node, dict):
            for name, each in node.items():
                below = f"{pointer}/{_escape(name)}"
                # A member may be called `properties`.
                members = each if name == "properties" and isinstance(each, dict) else None
                for member, schema in (members or {}).items():
                    self._close(schema, f"{below}/{_escape(member)}")
                if members is None:
                    self._close(each, below)
            if isinstance(node.get("properties"), dict):
                node.setdefault("type", "object")
                node.setdefault("additionalProperties", False)
                node["required"] = sorted(node["properties"].keys() - self._optional[f"#{pointer}"])


def _key(method: str, path: str) -> tuple[str, str]:
    """Return a key that is the same for both forms of a path and any names of parameters."""
    nameless = re.sub(r"{\w+}", "{}", path).rstrip("/")
    return method, nameless.removeprefix("/workspaces/{}") if "/models/{}" in nameless else nameless


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _parts(pointer: str) -> list[str]:
    return [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("#/").split("/")
    ]


def _is_paged(operation: Mapping[str, Any]) -> bool:
    return any(
        each.get("name") == "offset" or each.get("$ref", "").endswith("/Offset")
        for each in operation.get("parameters", [])
    )


def _paging_violations(body: Mapping[str, Any] | list[Any], *, paged: bool) -> list[str]:
    """Check that the response describes pages only if the operation is paged.

    Source: docs/anaplan-behaviour.md#paging.
    """
    # Some APIs return bare arrays.
    if isinstance(body, list) or ("paging" in body.get("meta", {})) == paged:
        return []
    return ["$.meta.paging is missing" if paged else "$.meta.paging of an operation without pages"]


class RequestParts(TypedDict, total=False):
    """The parts of a request that are known only when the emulator runs."""

    path: Mapping[str, str]
    """Values for parameters in the path."""
    headers: Mapping[str, str]
    json: object


class Scenario:
    """A running emulator, and methods that prepare it for exchanges over HTTP."""

    def __init__(self, emulator: Emulator, http: httpx2.Client) -> None:
        self.emulator = emulator
        self.http = http
        self._tokens: dict[str, str] = {}

    def reset(self) -> None:
        """Reset the tenant, and set the emulator's clock to another time than the computer's."""
        self.emulator.reset()
        self.emulator.advance(hours=5)
        self._tokens.clear()

    def has_emulator_date(self, reply: httpx2.Response) -> bool:
        """Return whether the header Date has the emulator's time."""
        dated = parsedate_to_datetime(reply.headers["date"])
        return abs(dated - self.emulator.now()) < timedelta(minutes=1)

    def authorization(self, name: str) -> dict[str, str]:
        """Return the header of a signed-in user, who signs in the first time."""
        if name not in self._tokens:
            reply = self.http.post("/token/authenticate", auth=(f"{name}@shop.example", name))
            self._tokens[name] = reply.json()["tokenInfo"]["tokenValue"]
        return {"Authorization": f"AnaplanAuthToken {self._tokens[name]}"}

    def certificate_credential(self, data: bytes, **more: str) -> RequestParts:
        """Sign data with the private key of a certificate, in order to sign in."""
        key = load_pem_private_key(self.emulator.private_key.read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        certificate = base64.b64encode(self.emulator.certificate.read_bytes()).decode()
        signature = key.sign(data, PKCS1v15(), SHA512())
        body = {
            "encodedData": base64.b64encode(data).decode(),
            "encodedSignedData": base64.b64encode(signature).decode(),
        }
        return {"headers": {"Authorization": f"CACertificate {certificate}"}, "json": body | more}

    def encoded_time(self) -> bytes:
        """Return the time with which version 2 of a certificate's payload begins."""
        return int(self.emulator.now().timestamp()).to_bytes(8, "big")

    def ended_session(self) -> RequestParts:
        """Sign in and out."""
        headers = self.authorization("ada")
        self.http.post("/token/logout", headers=headers).raise_for_status()
        return {"headers": headers}

    def user(self, name: str) -> RequestParts:
        """Find a user's id."""
        own = self.http.get("/2/0/users/me", headers=self.authorization(name))
        return {"path": {"userId": own.json()["user"]["id"]}}

    def model(self, name: str) -> str:
        """Find a model's id."""
        listed = self.http.get("/2/0/models", headers=self.authorization("ada")).json()["models"]
        found: str = next(each["id"] for each in listed if each["name"] == name)
        return found

    def close_model(self) -> RequestParts:
        """Close the model."""
        self._request("POST", "/close")
        return {}

    def file(self, name: str) -> RequestParts:
        """Find a file's id."""
        return {"path": {"fileId": self.id_of("files", name), "chunkId": "0"}}

    def upload(self, name: str, text: str) -> RequestParts:
        """Upload content to a file."""
        file = self.id_of("files", name)
        self._request("PUT", f"/files/{file}", content=text.encode())
        return self.file(name)

    def unfinished_upload(self, *chunks: str) -> RequestParts:
        """Begin an upload with an unknown number of chunks."""
        file = self.id_of("files", "products.csv")
        self._request("POST", f"/files/{file}", json={"chunkCount": -1})
        for number, chunk in enumerate(chunks):
            self._request("PUT", f"/files/{file}/chunks/{number}", content=chunk.encode())
        return {"path": {"fileId": file, "chunkId": str(len(chunks))}}

    def run(self, collection: str, name: str, *, held: Held | None = None) -> RequestParts:
        """Run an action to its end, or to the state in which its task is held."""
        self.emulator.settings.hold_tasks = held
        action = self.id_of(collection, name)
        tasks = f"/{collection}/{action}/tasks"
        started = self._request("POST", tasks, json={"localeName": "en_US"}).json()
        task = started["task"]["taskId"]
        wanted = held or "COMPLETE"
        while self._request("GET", f"{tasks}/{task}").json()["task"]["taskState"] != wanted:
            pass
        return {"path": {PARAMETERS[collection]: action, "taskId": task, "chunkId": "0"}}

    def id_of(self, collection: str, name: str) -> str:
        """Find the id of an object of the model by its name."""
        listed = self._request("GET", f"/{collection}").json()[collection]
        found: str = next(each["id"] for each in listed if each["name"] == name)
        return found

    def _request(self, method: str, path: str, **request: Any) -> httpx2.Response:
        url = f"/2/0/models/{self.emulator.model_id}{path}"
        headers = self.authorization("ada")
        return self.http.request(method, url, headers=headers, **request).raise_for_status()


@pytest.fixture(scope="session")
def specification_folder() -> Path:
    """The folder with the specifications."""
    if not SPECIFICATIONS.is_dir():
        pytest.skip(f"there are no specifications in {SPECIFICATIONS}: set ANAPLAN_SPECS")
    return SPECIFICATIONS


@pytest.fixture(scope="session")
def specifications(specification_folder: Path) -> Mapping[str, Any]:
    """The specifications by name."""
    return {
        name: json.loads((specification_folder / f"{name}.json").read_text("utf-8"))
        for name in STRICT
    }


@pytest.fixture(scope="session")
def amendments() -> Mapping[str, Amendments]:
    """The known differences of Anaplan from the specifications."""
    found: defaultdict[str, defaultdict[str, list[Mapping[str, Any]]]]
    found = defaultdict(lambda: defaultdict(list))
    for path in sorted((HERE / "amendments").glob("*.toml")):
        for specification, kinds in tomllib.loads(path.read_text("utf-8")).items():
            for kind, listed in kinds.items():
                found[specification][kind] += listed
    return found


@pytest.fixture(scope="session")
def read_contract() -> Callable[[Mapping[str, Any], Amendments], Contract]:
    """Makes a contract of a specification and amendments."""
    return Contract


@pytest.fixture(scope="session")
def contracts(
    specifications: Mapping[str, Any], amendments: Mapping[str, Amendments]
) -> Mapping[str, Contract]:
    """The specifications with their amendments."""
    return {name: Contract(each, amendments[name]) for name, each in specifications.items()}


@pytest.fixture(scope="session")
def find_unneeded_amendments(
    specifications: Mapping[str, Any], amendments: Mapping[str, Amendments]
) -> Callable[[str, Iterable[PendingExchange]], list[str]]:
    """Finds the amendments of a specification without which all exchanges would also conform.

    Only exchanges are made that can still show that an amendment is needed.
    """

    def find(name: str, exchanges: Iterable[PendingExchange]) -> list[str]:
        whole = Contract(specifications[name], amendments[name])
        left = [
            (amendment, location, Contract(specifications[name], others))
            for amendment, location, others in _each_left_out(amendments[name])
        ]
        for request_json, method, path in exchanges:
            concerned = [each for each in left if whole.uses(each[1], method, path)]
            if concerned:
                reply = request_json()
                shown = [each for each in concerned if each[2].violations(reply, method, path)]
                left = [each for each in left if each not in shown]
        return [amendment for amendment, _, _ in left]

    return find


def _each_left_out(amendments: Amendments) -> Iterator[tuple[str, str, Amendments]]:
    """Yield each amendment or optional member, its location, and the amendments without it."""
    for kind, listed in amendments.items():
        for index, left_out in enumerate(listed):
            before, after = listed[:index], listed[index + 1 :]
            if kind != "optional":
                location = left_out["at"] if kind == "replace" else left_out["operation"]
                yield location, location, {**amendments, kind: [*before, *after]}
                continue
            for member in left_out["members"]:
                members = [each for each in left_out["members"] if each != member]
                kept = {**left_out, "members": members}
                yield (
                    f"{left_out['schema']}: {member}",
                    left_out["schema"],
                    {**amendments, kind: [*before, kept, *after]},
                )


@pytest.fixture(scope="session")
def running_scenario() -> Iterator[Scenario]:
    with (
        Emulator(TENANT) as emulator,
        httpx2.Client(base_url=emulator.base_url, timeout=30) as http,
    ):
        yield Scenario(emulator, http)


@pytest.fixture
def scenario(running_scenario: Scenario) -> Scenario:
    """The emulator after a reset."""
    running_scenario.reset()
    return running_scenario
