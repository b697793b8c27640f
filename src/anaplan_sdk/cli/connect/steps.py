"""What a call of Anaplan Connect does, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from anaplan_sdk.cli.connect.values import Value

RunKind: TypeAlias = Literal["import", "export", "action", "process"]
ItemVerb: TypeAlias = Literal["insert", "update", "upsert", "delete"]


@dataclass
class Settings:
    """How a call signs in and connects.

    Attributes:
        user: E-mail address of the user.
        password: The password, which is never printed.
        certificate: Path of the certificate.
        private_key: Path of the private key.
        key_password: The password of the key, which is never printed.
        keystore: Path of the Java keystore.
        alias: The entry of the keystore.
        client_id: The OAuth device client.
        rotates: Whether its refresh tokens rotate.
        registers: Whether the call asks for a new sign-in.
        service: URL of the API.
        authentication: URL of the authentication service.
        proxy: URL of the proxy.
        proxy_user: The user of the proxy with the password, which is never printed.
    """

    user: Value | None = None
    password: Value | None = None
    certificate: Value | None = None
    private_key: Value | None = None
    key_password: Value | None = None
    keystore: Value | None = None
    alias: Value | None = None
    client_id: Value | None = None
    rotates: bool = False
    registers: bool = False
    service: Value | None = None
    authentication: Value | None = None
    proxy: Value | None = None
    proxy_user: Value | None = None

    @property
    def secrets(self) -> set[str]:
        """The secrets that the script contains, as far as it has their text."""
        proxy = self.proxy_user.partition(":")[1] if self.proxy_user is not None else None
        found = (self.password, self.key_password, proxy)
        return {text for value in found if value for text in value.literals()} - {"?"}


@dataclass(frozen=True)
class Query:
    """A query whose rows are uploaded.

    Attributes:
        properties: Path of the file that describes it.
        sql: The query, if the script has it itself.
    """

    properties: Value | None = None
    sql: Value | None = None


# Where content comes from: a file, stdin, or a query.
Source: TypeAlias = "Value | Query | None"


@dataclass(frozen=True)
class Enumerate:
    """Lists what there is."""

    kind: str


@dataclass(frozen=True)
class Describe:
    """Describes one thing of a model."""

    reference: Value


@dataclass(frozen=True)
class Upload:
    """Uploads content to a file."""

    file: Value
    source: Source


@dataclass(frozen=True)
class Download:
    """Downloads a file, to stdout if there is no destination."""

    file: Value
    destination: Value | None


@dataclass
class Run:
    """Runs an action. What becomes of its results follows later in the arguments."""

    kind: RunKind
    reference: Value
    mappings: list[Value] = field(default_factory=list[Value])
    connectors: list[Value] = field(default_factory=list[Value])
    locale: Value | None = None
    refused: Value | None = None


@dataclass
class WriteItems:
    """Changes the items of a list."""

    verb: ItemVerb
    items: Value
    source: Source
    refused: Value | None = None


@dataclass(frozen=True)
class ReadItems:
    """Prints the items of a list."""

    items: Value
    form: Literal["csv", "json"]
    destination: Value | None


@dataclass(frozen=True)
class ReadView:
    """Prints a view."""

    module: Value | None
    view: Value | None
    layout: Literal["grid", "multi", "single"]
    form: Literal["csv", "json"]
    pages: tuple[Value, ...]
    destination: Value | None


Work: TypeAlias = (
    "Enumerate | Describe | Upload | Download | Run | WriteItems | ReadItems | ReadView"
)


@dataclass
class Step:
    """One step.

    Attributes:
        work: What it does.
        line: Its line in the script.
        workspace: The workspace that it works in.
        model: The model that it works in.
        notes: What a person has to know about it.
    """

    work: Work
    line: int
    workspace: Value | None
    model: Value | None
    notes: list[str] = field(default_factory=list[str])


@dataclass
class Plan:
    """What a call does.

    Attributes:
        settings: How it signs in and connects.
        steps: Its steps.
        notes: What a person has to know about the call as a whole.
    """

    settings: Settings = field(default_factory=Settings)
    steps: list[Step] = field(default_factory=list[Step])
    notes: list[str] = field(default_factory=list[str])
