"""The specifications, read strictly, and a tenant that every exchange finds as at its start."""

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

# The specifications that `exchanges` are held against.
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
# An exchange that is yet to be made, the method and the path of its operation.
Asking = tuple[Callable[[], httpx2.Response], str, str]


class Contract:
    """A specification, amended, that exchanges must fit.

    The specifications name members, but hardly say which are always there, and forbid no others.
    Here every member is required unless amended to be optional, and no other is allowed, so that
    a misspelt, a missing and an invented member are found.

    Args:
        specification: An OpenAPI 3.0 document.
        amendments: Those of its section in `amendments.toml`.
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
        """What the server's address ends with, before the operations' paths."""
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
        """Whether an operation is told of for the record only: Anaplan doesn't serve it."""
        return bool(self._document["paths"][path][method.lower()].get("deprecated"))

    def misfits(self, reply: httpx2.Response, method: str, path: str) -> list[str]:
        """Tell all that is wrong with an exchange.

        Args:
            reply: The reply, which knows its request.
            method: HTTP method of the operation.
            path: Path of the operation, with the names of its parameters.
        """
        at = self._find(method, path)
        if at is None:
            return [f"{method} {path} is not in the specification"]
        operation = self._resolve(at)
        if reply.is_error:
            return self._misfits_of_refusal(reply, at, operation)
        if str(reply.status_code) not in operation["responses"]:
            return [f"{reply.status_code} is not in the specification"]
        answer = f"{at}/responses/{reply.status_code}"
        answer = self._resolve(answer).get("$ref", answer)
        found = self._misfits_of_content(reply, answer)
        if reply.headers.get("content-type") == "application/json":
            found += _misfits_of_paging(reply.json(), paged=_takes_pages(operation))
        return found + self._misfits_of_request(reply.request, f"{at}/requestBody")

    def _misfits_of_refusal(
        self, reply: httpx2.Response, at: str, operation: Mapping[str, Any]
    ) -> list[str]:
        answer = operation["responses"].get(str(reply.status_code), {})
        if "$ref" in answer:
            return self._misfits_of_content(reply, answer["$ref"])
        if "content" in answer:
            return self._misfits_of_content(reply, f"{at}/responses/{reply.status_code}")
        # Few operations tell which refusals they have, and fewer their shape: there is one for
        # all of an API (facts 12).
        if reply.headers.get("content-type") != "application/json":
            return [f"a refusal is {reply.headers.get('content-type')}"]
        shape = "#/components/schemas/ErrorResponse"
        if self._resolve(shape) is None:
            return ["the specification tells no shape of refusals"]
        return self._misfits_of_json(reply.json(), shape)

    def _misfits_of_content(self, reply: httpx2.Response, answer: str) -> list[str]:
        content = self._resolve(answer).get("content", {})
        label = reply.headers.get("content-type")
        if not content:
            return [f"{label}, {len(reply.content)} bytes"] if label or reply.content else []
        # Texts say how they are written, too.
        media_type = (label or "").removesuffix("; charset=utf-8")
        if media_type not in content:
            return [f"{label} instead of {', '.join(content)}"]
        if media_type not in JSON:
            return []
        schema = f"{answer}/content/{_escape(media_type)}/schema"
        body = reply.json()
        # An empty collection is missing (facts 4.1).
        if (
            isinstance(body, dict)
            and body.get("meta", {}).get("paging", {}).get("currentPageSize") == 0
        ):
            for name, member in self._resolve(schema).get("properties", {}).items():
                if member.get("type") == "array":
                    body.setdefault(name, [])
        return self._misfits_of_json(body, schema)

    def _misfits_of_request(self, request: httpx2.Request, at: str) -> list[str]:
        media_type = request.headers.get("content-type")
        if media_type not in JSON:
            return []
        described = self._resolve(at)
        if described is None:
            return []
        schema = f"{at}/content/{_escape(media_type)}/schema"
        return self._misfits_of_json(json.loads(request.content), schema, OAS30WriteValidator)

    def _misfits_of_json(
        self, value: Any, schema: str, dialect: Any = OAS30ReadValidator
    ) -> list[str]:
        validator = dialect(
            {"$ref": f"urn:contract{schema}"},
            registry=self._registry,
            format_checker=oas30_format_checker,
        )
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def concerns(self, place: str, method: str, path: str) -> bool:
        """Tell whether an operation is described at a place, or by way of it.

        Args:
            place: A pointer into the specification, or an operation's name.
            method: HTTP method of the operation.
            path: Path of the operation.
        """
        if not place.startswith("#"):
            return _key(*place.split()) == _key(method, path)
        at = self._find(method, path)
        parts = {at, at.rpartition("/")[0]} if at is not None else set[str]()
        return any(place.startswith(each) for each in parts | self._components(at))

    def _components(self, pointer: str | None) -> set[str]:
        """Point to all that an operation refers to. A refusal's shape needs no reference."""
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
        """Point to an operation; either form of a path stands for the other (facts 4.1)."""
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
                # Members have names of their own, `properties` among them.
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
    """Identify an operation, in whatever form its path is, and whatever its parameters are."""
    nameless = re.sub(r"{\w+}", "{}", path).rstrip("/")
    return method, nameless.removeprefix("/workspaces/{}") if "/models/{}" in nameless else nameless


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _parts(pointer: str) -> list[str]:
    return [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("#/").split("/")
    ]


def _takes_pages(operation: Mapping[str, Any]) -> bool:
    return any(
        each.get("name") == "offset" or each.get("$ref", "").endswith("/Offset")
        for each in operation.get("parameters", [])
    )


def _misfits_of_paging(body: Mapping[str, Any] | list[Any], *, paged: bool) -> list[str]:
    """Only what can be asked for by page tells of pages (facts 4.1)."""
    # Some APIs answer with bare arrays.
    if isinstance(body, list) or ("paging" in body.get("meta", {})) == paged:
        return []
    return ["$.meta.paging is missing" if paged else "$.meta.paging of what has no pages"]


class Given(TypedDict, total=False):
    """What an exchange needs that can't be written down before."""

    at: Mapping[str, str]
    """Values in its path."""
    headers: Mapping[str, str]
    json: object


class Place:
    """A tenant, and ways to bring about by plain HTTP what an exchange needs."""

    def __init__(self, emulator: Emulator, http: httpx2.Client) -> None:
        self.emulator = emulator
        self.http = http
        self._tokens: dict[str, str] = {}

    def start_over(self) -> None:
        """Go back to the tenant's start, at another time than the machine's."""
        self.emulator.reset()
        self.emulator.advance(hours=5)
        self._tokens.clear()

    def is_dated(self, reply: httpx2.Response) -> bool:
        """Tell whether a reply carries the emulator's time."""
        dated = parsedate_to_datetime(reply.headers["date"])
        return abs(dated - self.emulator.now()) < timedelta(minutes=1)

    def authorization(self, name: str) -> dict[str, str]:
        """Sign a user in, once."""
        if name not in self._tokens:
            reply = self.http.post("/token/authenticate", auth=(f"{name}@shop.example", name))
            self._tokens[name] = reply.json()["tokenInfo"]["tokenValue"]
        return {"Authorization": f"AnaplanAuthToken {self._tokens[name]}"}

    def signed_by_certificate(self, data: bytes, **more: str) -> Given:
        """Sign data as a certificate's owner does to sign in."""
        key = load_pem_private_key(self.emulator.private_key.read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        certificate = base64.b64encode(self.emulator.certificate.read_bytes()).decode()
        signature = key.sign(data, PKCS1v15(), SHA512())
        body = {
            "encodedData": base64.b64encode(data).decode(),
            "encodedSignedData": base64.b64encode(signature).decode(),
        }
        return {"headers": {"Authorization": f"CACertificate {certificate}"}, "json": body | more}

    def timestamp(self) -> bytes:
        """What the data of the second form of a certificate's payload begins with."""
        return int(self.emulator.now().timestamp()).to_bytes(8, "big")

    def ended_session(self) -> Given:
        """Sign in and out again."""
        headers = self.authorization("ada")
        self.http.post("/token/logout", headers=headers).raise_for_status()
        return {"headers": headers}

    def user(self, name: str) -> Given:
        """Find a user."""
        own = self.http.get("/2/0/users/me", headers=self.authorization(name))
        return {"at": {"userId": own.json()["user"]["id"]}}

    def model(self, name: str) -> str:
        """Find the id of a model."""
        listed = self.http.get("/2/0/models", headers=self.authorization("ada")).json()["models"]
        found: str = next(each["id"] for each in listed if each["name"] == name)
        return found

    def closed(self) -> Given:
        """Close the model."""
        self._ask("POST", "/close")
        return {}

    def file(self, name: str) -> Given:
        """Find a file."""
        return {"at": {"fileId": self.named("files", name), "chunkId": "0"}}

    def upload(self, name: str, text: str) -> Given:
        """Upload a file's whole content."""
        file = self.named("files", name)
        self._ask("PUT", f"/files/{file}", content=text.encode())
        return self.file(name)

    def upload_under_way(self, *chunks: str) -> Given:
        """Begin an upload of unknown length."""
        file = self.named("files", "products.csv")
        self._ask("POST", f"/files/{file}", json={"chunkCount": -1})
        for number, chunk in enumerate(chunks):
            self._ask("PUT", f"/files/{file}/chunks/{number}", content=chunk.encode())
        return {"at": {"fileId": file, "chunkId": str(len(chunks))}}

    def run(self, collection: str, name: str, *, held: Held | None = None) -> Given:
        """Run an action to its end, or to the state in which its task is held."""
        self.emulator.settings.hold_tasks = held
        action = self.named(collection, name)
        tasks = f"/{collection}/{action}/tasks"
        started = self._ask("POST", tasks, json={"localeName": "en_US"}).json()
        task = started["task"]["taskId"]
        wanted = held or "COMPLETE"
        while self._ask("GET", f"{tasks}/{task}").json()["task"]["taskState"] != wanted:
            pass
        return {"at": {PARAMETERS[collection]: action, "taskId": task, "chunkId": "0"}}

    def named(self, collection: str, name: str) -> str:
        """Find the id of something in the model."""
        listed = self._ask("GET", f"/{collection}").json()[collection]
        found: str = next(each["id"] for each in listed if each["name"] == name)
        return found

    def _ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        url = f"/2/0/models/{self.emulator.model_id}{path}"
        headers = self.authorization("ada")
        return self.http.request(method, url, headers=headers, **request).raise_for_status()


@pytest.fixture(scope="session")
def specification_folder() -> Path:
    """Where the specifications are."""
    if not SPECIFICATIONS.is_dir():
        pytest.skip(f"there are no specifications at {SPECIFICATIONS}; ANAPLAN_SPECS names others")
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
    """What is known to be otherwise than the specifications say."""
    found: defaultdict[str, defaultdict[str, list[Mapping[str, Any]]]]
    found = defaultdict(lambda: defaultdict(list))
    for path in sorted((HERE / "amendments").glob("*.toml")):
        for specification, kinds in tomllib.loads(path.read_text("utf-8")).items():
            for kind, listed in kinds.items():
                found[specification][kind] += listed
    return found


@pytest.fixture(scope="session")
def read_contract() -> Callable[[Mapping[str, Any], Amendments], Contract]:
    """Reads any specification with any amendments."""
    return Contract


@pytest.fixture(scope="session")
def contracts(
    specifications: Mapping[str, Any], amendments: Mapping[str, Amendments]
) -> Mapping[str, Contract]:
    """The specifications as amended."""
    return {name: Contract(each, amendments[name]) for name, each in specifications.items()}


@pytest.fixture(scope="session")
def unneeded(
    specifications: Mapping[str, Any], amendments: Mapping[str, Amendments]
) -> Callable[[str, Iterable[Asking]], list[str]]:
    """Finds the amendments of a specification without which all exchanges would fit as well.

    Only those exchanges are made that may still show that an amendment is needed.
    """

    def find(name: str, exchanges: Iterable[Asking]) -> list[str]:
        whole = Contract(specifications[name], amendments[name])
        left = [
            (amendment, place, Contract(specifications[name], others))
            for amendment, place, others in _each_left_out(amendments[name])
        ]
        for ask, method, path in exchanges:
            concerned = [each for each in left if whole.concerns(each[1], method, path)]
            if concerned:
                reply = ask()
                shown = [each for each in concerned if each[2].misfits(reply, method, path)]
                left = [each for each in left if each not in shown]
        return [amendment for amendment, _, _ in left]

    return find


def _each_left_out(amendments: Amendments) -> Iterator[tuple[str, str, Amendments]]:
    """Leave out one amendment, or one optional member, after another; tell what it is about."""
    for kind, listed in amendments.items():
        for index, left_out in enumerate(listed):
            before, after = listed[:index], listed[index + 1 :]
            if kind != "optional":
                place = left_out["at"] if kind == "replace" else left_out["operation"]
                yield place, place, {**amendments, kind: [*before, *after]}
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
def running_place() -> Iterator[Place]:
    with (
        Emulator(TENANT) as emulator,
        httpx2.Client(base_url=emulator.base_url, timeout=30) as http,
    ):
        yield Place(emulator, http)


@pytest.fixture
def place(running_place: Place) -> Place:
    """The tenant as at the start."""
    running_place.start_over()
    return running_place
