"""Requests to any of Anaplan's APIs: `anaplan request`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.source import read_source

if TYPE_CHECKING:
    import httpx2

    from anaplan_sdk.exceptions import AnaplanException
    from anaplan_sdk.regions import Hosts

Service: TypeAlias = Literal["api", "auth", "audit", "cloudworks", "scim", "consolidation"]

_SECRET_HEADER = re.compile("authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
_READS = ("GET", "HEAD", "OPTIONS")


@examples(
    "anaplan request GET /2/0/models/{model}/lists",
    "anaplan request GET /2/0/users --paginate | jq -r '.users[].email'",
    "anaplan request POST /2/0/models/{model}/files/113000000000 -F chunkCount=-1",
)
def request(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as GET or POST.")],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="Such as /2/0/workspaces; {workspace} and {model} are filled in."
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option("--field", "-f", metavar="KEY=TEXT", help="A text of the query or body."),
    ] = None,
    typed: Annotated[
        list[str] | None,
        typer.Option("--json-field", "-F", metavar="KEY=JSON", help="A value such as 3 or [1, 2]."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="SRC",
            help="A file with the body, or - for stdin; fields are the query.",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A header of the request."),
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Read all pages of a listing, as one reply.")
    ] = False,
    include: Annotated[
        bool, typer.Option("--include", "-i", help="Print status and headers to stderr.")
    ] = False,
    service: Annotated[
        Service | None,
        typer.Option(metavar="NAME", help="api, auth, audit, cloudworks, scim or consolidation."),
    ] = None,
) -> None:
    """Send a request to any of Anaplan's APIs.

    Signs in, fills in the host, and prints the body of the reply. PATH belongs to the service that
    --service names, by default the Integration API; with audit, cloudworks, scim and consolidation
    it comes after the version, as in 'integrations'. It may also be a full URL of one of Anaplan's
    hosts. Fields are the query of a GET, and a JSON body otherwise.

    A GET is repeated if Anaplan is busy. Other requests are repeated only if Anaplan certainly did
    not act on them; if that is unknown, the command exits with 7.
    """
    from anaplan_sdk._http.retry_policy import Retry
    from anaplan_sdk._sync.transport.session import Session
    from anaplan_sdk.auth.credentials import resolve_auth
    from anaplan_sdk.cli.request_pages import read_all_pages
    from anaplan_sdk.config import ClientConfig
    from anaplan_sdk.exceptions import AnaplanException

    invocation = Invocation.of(context)
    method = method.upper()
    if not re.fullmatch(r"[A-Z]+", method):
        raise usage_error(f"{method!r} is not a method of HTTP.", "Such as GET, POST or DELETE.")
    is_read = method in _READS
    if paginate and method != "GET":
        raise usage_error("--paginate reads listings: only with GET.")
    fields = _fields(field or (), typed or ())
    headers = _headers(header or ())
    content = None if source is None else read_source(source)
    query = fields if is_read or content is not None else {}
    body = None if is_read or content is not None or not fields else fields
    if content is not None and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    options, _ = invocation.client_options()
    failed: list[httpx2.Response] = []
    # The SDK's errors have Anaplan's reason, but not the body that it came in.
    hooks = {"response": [_keep_errors_in(failed)]}
    config = ClientConfig(**options, httpx_kwargs={"event_hooks": hooks})
    target = _target(_filled(invocation, path), service, config.service_hosts)
    url, query = _split(target, query)
    session = Session(config, resolve_auth(config))
    if not is_read:
        invocation.state = "Anaplan may have acted on the request."
    try:
        if paginate:
            reply, content = read_all_pages(session, url, query, headers)
        else:
            reply = session.send(
                method,
                url,
                retry=Retry.SAFE if is_read else Retry.IF_NOT_PERFORMED,
                params=query or None,
                json=body,
                content=content,
                headers=headers,
            )
            content = reply.content
    except AnaplanException as error:
        if failed and _is_of(failed[-1], error, url):
            _print(invocation, failed[-1], failed[-1].content, include=include)
        if not is_read and not error.not_performed:
            raise CommandError(
                ExitCode.OUTCOME_UNKNOWN,
                str(error),
                "Anaplan may have acted on it: check that before you send it again.",
            ) from error
        raise
    finally:
        session.close()
    invocation.state = "The request was answered."
    _print(invocation, reply, content, include=include)


def _fields(texts: Sequence[str], typed: Sequence[str]) -> dict[str, Any]:
    """Return the fields of the query or the body."""
    from httpx2 import Request

    from anaplan_sdk._http.redaction import has_secret

    fields: dict[str, Any] = {}
    for given, is_json in [(each, False) for each in texts] + [(each, True) for each in typed]:
        name, sign, text = given.partition("=")
        if not name or not sign:
            raise usage_error(f"{given!r} is not a field.", "A field is KEY=VALUE.")
        if name in fields:
            raise usage_error(
                f"The field {name!r} is given twice.", "For a list, use -F 'KEY=[...]'."
            )
        try:
            fields[name] = json.loads(text) if is_json else text
        except ValueError:
            raise usage_error(
                f"The value of {name!r} is not JSON.", "-f takes texts as they are; -F takes JSON."
            ) from None
    request = Request("POST", "https://api.anaplan.com", json=fields)
    if has_secret(json.dumps(fields, ensure_ascii=False), request):
        raise usage_error(
            "A field carries a secret, and other programs can see the command line.",
            "Put the body into a file, or pipe it in: --input -.",
        )
    return fields


def _headers(given: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for each in given:
        name, colon, value = each.partition(":")
        name = name.strip()
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise usage_error(f"{name!r} is not a header.", "A header is 'NAME: VALUE'.")
        if _SECRET_HEADER.search(name):
            raise usage_error(
                f"The header {name} may carry a secret, and other programs can see the command "
                "line.",
                "The command signs in by itself: 'anaplan login', or set variables.",
            )
        headers[name] = value.strip()
    return headers


def _filled(invocation: Invocation, path: str) -> str:
    """Return the path with the ids of the workspace and the model."""
    names = set(re.findall(r"\{(\w*)\}", path))
    if unknown := names - {"workspace", "model"}:
        raise usage_error(
            f"{{{min(unknown)}}} is not known.", "A path may have {workspace} and {model}."
        )
    if not names:
        return path
    with invocation.client(model="model" in names, workspace="workspace" in names):
        ids = {"workspace": invocation.workspace_id, "model": invocation.model_id}
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]] or "", path)


def _target(path: str, service: str | None, hosts: Hosts) -> httpx2.URL:
    """Return the URL of a path of a service, or the URL itself if it is one of Anaplan's."""
    from httpx2 import URL, InvalidURL

    bases = {name: base for name, base in service_urls(hosts).items() if name != "oauth"}
    try:
        if "://" not in path.partition("?")[0]:
            return URL(f"{bases[service or 'api']}/{path.lstrip('/')}")
        url = URL(path)
    except InvalidURL as error:
        raise usage_error(f"{path!r} is not a valid address: {error}.") from None
    if service is not None:
        raise usage_error("A full URL names its service: leave out --service.")
    origins = [URL(base) for name, base in bases.items() if name != "consolidation"]
    origins.append(URL(hosts.oauth))
    # Financial Consolidation has a token of its own, by the address.
    is_known = str(url).startswith(f"{URL(hosts.consolidation)}/") or any(
        (url.scheme, url.host, url.port) == (each.scheme, each.host, each.port) for each in origins
    )
    if url.userinfo:
        raise usage_error("The address has credentials in it: leave them out.")
    if not is_known:
        listed = ", ".join(sorted({each.host for each in origins}))
        raise usage_error(
            f"{url.host} is not one of the hosts that the token is for; nothing was sent.",
            f"They are {listed}. A region or base URL in the profile sets others.",
        )
    return url


def service_urls(hosts: Hosts) -> dict[str, str]:
    """Return the base URLs of the services, by the names that `--service` takes.

    Args:
        hosts: The hosts of a client.

    Returns:
        The URLs. The authorization server, which `--service` does not take, is `oauth`.
    """
    return {
        "api": hosts.api,
        "auth": hosts.authentication,
        "audit": hosts.audit,
        "cloudworks": hosts.cloud_works,
        "scim": f"{hosts.api}/scim/1/0/v2",
        "consolidation": hosts.consolidation,
        "oauth": hosts.oauth,
    }


def _split(url: httpx2.URL, fields: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return a URL without its query, and the query with the fields."""
    query = dict(url.params)
    for name, value in fields.items():
        query[name] = value if isinstance(value, str) else json.dumps(value)
    return str(url.copy_with(query=None, fragment=None)), query


def _keep_errors_in(failed: list[httpx2.Response]) -> Callable[[httpx2.Response], None]:
    def keep(response: httpx2.Response) -> None:
        if response.is_error:
            response.read()
            failed.append(response)

    return keep


def _is_of(response: httpx2.Response, error: AnaplanException, url: str) -> bool:
    # Not the reply to a sign-in, nor to an earlier attempt.
    sent = str(response.request.url.copy_with(query=None))
    return sent == url and response.status_code == error.status_code


def _print(
    invocation: Invocation, reply: httpx2.Response, content: bytes, *, include: bool
) -> None:
    if include:
        invocation.say(f"HTTP {reply.status_code} {reply.reason_phrase}")
        for name, value in reply.headers.multi_items():
            shown = "***" if _SECRET_HEADER.search(name) else value
            invocation.say(printable(f"{name}: {shown}"))
    if invocation.output.is_terminal and content:
        text = content.decode("utf-8", "replace")
        with suppress(ValueError):
            text = json.dumps(json.loads(content), indent=2, ensure_ascii=False)
        content = (printable(text.rstrip("\n"), lines=True) + "\n").encode()
    invocation.output.data([content])
