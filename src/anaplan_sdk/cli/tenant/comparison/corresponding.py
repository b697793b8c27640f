"""Objects of the live tenant and of the emulator that correspond to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from anaplan_sdk.cli.tenant.comparison.findings import NotApplicable
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply
from anaplan_sdk.cli.tenant.comparison.scratch import FILES, OBJECTS

if TYPE_CHECKING:
    from anaplan_sdk.cli.tenant.comparison.view import Sender

MODEL = "/2/0/models/{modelId}"
# How many objects are tried until one fits.
_TRIES = 8


class Listing(NamedTuple):
    """Where the objects of a kind are listed."""

    call: Call
    key: str
    what: str
    member: str = "id"


_LISTINGS: Mapping[str, Listing] = {
    "moduleId": Listing(Call(f"{MODEL}/modules"), "modules", "module"),
    "lineItemId": Listing(Call(f"{MODEL}/lineItems"), "items", "line item"),
    "fileId": Listing(Call(f"{MODEL}/files"), "files", "file"),
    "importId": Listing(Call(f"{MODEL}/imports"), "imports", "import"),
    "exportId": Listing(Call(f"{MODEL}/exports"), "exports", "export"),
    "actionId": Listing(Call(f"{MODEL}/actions"), "actions", "action"),
    "processId": Listing(Call(f"{MODEL}/processes"), "processes", "process"),
    "versionId": Listing(Call(f"{MODEL}/versions"), "versionMetadata", "version"),
    "dimensionId": Listing(
        Call(f"{MODEL}/lineItems/{{lineItemId}}/dimensions"), "dimensions", "dimension"
    ),
    "revisionId": Listing(Call(f"{MODEL}/alm/revisions", captured=False), "revisions", "revision"),
    "integrationId": Listing(
        Call("/integrations", service="cloudworks", captured=False),
        "integrations",
        "integration",
        "integrationId",
    ),
    "integrationFlowId": Listing(
        Call("/integrationflows", service="cloudworks", captured=False),
        "integrationFlows",
        "integration flow",
    ),
    "scimUserId": Listing(
        Call("/Users", service="scim", captured=False), "Resources", "user in SCIM"
    ),
}


def find(comparison: Sender, name: str) -> tuple[str, str]:
    """Find corresponding objects: those with the same id, otherwise those of the same position.

    Args:
        comparison: The run.
        name: Name of the placeholder.

    Returns:
        The id at the live tenant, and the id at the emulator.

    Raises:
        NotApplicable: One of the sides has no such object.
    """
    if name in OBJECTS:
        return _named(comparison, *OBJECTS[name])
    if name in FILES:
        return _source(comparison, FILES[name])
    if name in _LISTINGS:
        return next(_pairs(comparison, _LISTINGS[name]))
    return _FINDERS[name](comparison)


def _user(comparison: Sender) -> tuple[str, str]:
    replies = _both(comparison, Call("/2/0/users/me"))
    return _pair("user", (str(each.member("user.id") or "") for each in replies))


def _property_list(comparison: Sender) -> tuple[str, str]:
    return _first(comparison, "list with properties", _lists(comparison), _has_properties)


def _view(comparison: Sender) -> tuple[str, str]:
    return _first(comparison, "view that can be read", _views(comparison), _can_be_read)


def _paged_view(comparison: Sender) -> tuple[str, str]:
    return _first(comparison, "view with pages", _views(comparison), _has_pages)


def _page_dimension(comparison: Sender) -> tuple[str, str]:
    replies = _both(comparison, Call(f"{MODEL}/views/{{pagedViewId}}"))
    return _pair("dimension on pages", (str(each.rows("pages")[0]["id"]) for each in replies))


def _view_dimension(comparison: Sender) -> tuple[str, str]:
    replies = _both(comparison, Call(f"{MODEL}/views/{{viewId}}"))
    return _pair("dimension of a view", (_axis_dimension(each) for each in replies))


def _both(comparison: Sender, call: Call) -> tuple[Reply, Reply]:
    return comparison.send(0, call), comparison.send(1, call)


def _pair(what: str, ids: Iterable[str]) -> tuple[str, str]:
    live, emulator = ids
    if not live or not emulator:
        raise NotApplicable(_none(what, live=not live))
    return live, emulator


def _none(what: str, *, live: bool) -> str:
    return f"no {what} at the {'live tenant' if live else 'emulator'}"


def _pairs(comparison: Sender, listing: Listing) -> Iterator[tuple[str, str]]:
    """Yield the objects that are in both listings; without any the first of each."""
    replies = _both(comparison, listing.call)
    ids = [
        [str(row[listing.member]) for row in each.rows(listing.key) if listing.member in row]
        for each in replies
    ]
    for at, found in enumerate(ids):
        if not found:
            raise NotApplicable(_none(listing.what, live=not at))
    common = [each for each in ids[0] if each in set(ids[1])]
    if common:
        yield from ((each, each) for each in common)
    else:
        yield ids[0][0], ids[1][0]


def _named(comparison: Sender, kind: str, wanted: str) -> tuple[str, str]:
    """Return the objects of a name, in a scratch model."""
    found: list[str] = []
    for reply in _both(comparison, Call(f"{MODEL}/{kind}")):
        ids = [str(row["id"]) for row in reply.rows(kind) if row.get("name") == wanted]
        if len(ids) != 1:
            raise NotApplicable(f"the scratch model has no {kind[:-1]} {wanted!r}")
        found += ids
    return found[0], found[1]


def _source(comparison: Sender, import_name: str) -> tuple[str, str]:
    """Return the files of an import in a scratch model."""
    found: list[str] = []
    ids = comparison.ids(import_name)
    for reply, import_id in zip(_both(comparison, Call(f"{MODEL}/imports")), ids, strict=True):
        row = next(each for each in reply.rows("imports") if each.get("id") == import_id)
        source = str(row.get("importDataSourceId") or "")
        if not source.startswith("113"):
            raise NotApplicable("the source of the import in the scratch model is not a file")
        found.append(source)
    return found[0], found[1]


def _small_list(comparison: Sender) -> tuple[str, str]:
    """Return the list with the fewest items, which is read as a whole."""
    best: tuple[float, tuple[str, str]] | None = None
    for tried, pair in enumerate(_lists(comparison)):
        if tried == _TRIES:
            break
        counts = [
            comparison.send(at, Call(f"{MODEL}/lists/{{listId}}"), {"listId": each}).member(
                "metadata.itemCount"
            )
            for at, each in enumerate(pair)
        ]
        count = counts[0]
        if not isinstance(count, int) or not all(counts):
            continue
        if best is None or count < best[0]:
            best = count, pair
    if best is None:
        raise NotApplicable("no list has items on both sides")
    return best[1]


def _lists(comparison: Sender) -> Iterator[tuple[str, str]]:
    return _pairs(comparison, Listing(Call(f"{MODEL}/lists"), "lists", "list"))


def _has_properties(comparison: Sender, pair: tuple[str, str]) -> bool:
    call = Call(f"{MODEL}/lists/{{listId}}")
    return all(
        comparison.send(at, call, {"listId": each}).rows("metadata.properties")
        for at, each in enumerate(pair)
    )


def _views(comparison: Sender) -> Iterator[tuple[str, str]]:
    return _pairs(comparison, Listing(Call(f"{MODEL}/views"), "views", "view"))


def _first(
    comparison: Sender,
    what: str,
    pairs: Iterator[tuple[str, str]],
    fits: Callable[[Sender, tuple[str, str]], bool],
) -> tuple[str, str]:
    for tried, pair in enumerate(pairs):
        if tried == _TRIES:
            break
        if fits(comparison, pair):
            return pair
    raise NotApplicable(f"no {what} is among the first ones of both sides")


def _can_be_read(comparison: Sender, pair: tuple[str, str]) -> bool:
    """Return whether a view is small enough to be read at the live tenant."""
    call = Call(
        f"{MODEL}/views/{{viewId}}/data",
        query={"format": "v1", "maxRows": 20},
        headers={"Accept": "application/json"},
    )
    return comparison.send(0, call, {"viewId": pair[0]}).is_success


def _has_pages(comparison: Sender, pair: tuple[str, str]) -> bool:
    call = Call(f"{MODEL}/views/{{viewId}}")
    return all(
        comparison.send(at, call, {"viewId": each}).rows("pages") for at, each in enumerate(pair)
    ) and _can_be_read(comparison, pair)


def _axis_dimension(reply: Reply) -> str:
    for axis in ("rows", "columns", "pages"):
        for each in reply.rows(axis):
            if str(each.get("id")).startswith("101"):
                return str(each["id"])
    return ""


_FINDERS: Mapping[str, Callable[[Sender], tuple[str, str]]] = {
    "userId": _user,
    "listId": _small_list,
    "propertyListId": _property_list,
    "viewId": _view,
    "pagedViewId": _paged_view,
    "pageDimensionId": _page_dimension,
    "viewDimensionId": _view_dimension,
}
