"""`anaplan tenant compare`, between emulators that differ in a known way."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest
from pydantic import JsonValue
from tests.cli.conftest import Command, OpenTerminal, Result, ctrl_c_when

from anaplan_emulator import Emulator, Fault
from anaplan_emulator.apis.dialects import _GUIDE
from anaplan_emulator.settings import Dialect
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_sdk.cli.tenant.comparison.differences import differences
from anaplan_sdk.cli.tenant.comparison.replies import Call, Reply
from anaplan_sdk.cli.tenant.comparison.scratch import scratch_tenant

DEFAULT = Path(__file__).parents[2] / "src" / "anaplan_emulator" / "tenant" / "default.json"
MODEL = "/2/0/models/{modelId}"
READS = frozenset({"GET"})
# Of the authentication and OAuth services, and of large reads.
SIGN_IN = re.compile(r"/token/(authenticate|refresh|logout)|/oauth/(token|device/code)")
LARGE_READ = re.compile(r".*/(views|lists)/\d+/readRequests(/[0-9A-F]{32})?")

Compare: TypeAlias = "Callable[..., Result]"


def tenant_with_scratch() -> dict[str, Any]:
    """The default tenant, with a scratch model beside the others."""
    tenant: dict[str, Any] = json.loads(DEFAULT.read_text(encoding="utf-8"))
    scratch = scratch_tenant()
    tenant["workspaces"][0]["models"].append(scratch["workspaces"][0]["models"][0])
    return tenant


@pytest.fixture(scope="module")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator(TenantDescription.model_validate(tenant_with_scratch())) as emulator:
        yield emulator


@pytest.fixture
def compare(anaplan: Command, emulator: Emulator) -> Compare:
    """Compares the emulator with one of the default tenant."""
    emulator.clear_faults()

    def run(*arguments: str, tenant: Path = DEFAULT, **options: Any) -> Result:
        return anaplan("tenant", "compare", "--tenant", str(tenant), *arguments, **options)

    return run


def probes(*names: str) -> list[str]:
    return [word for name in names for word in ("--probe", name)]


def found(result: Result) -> set[tuple[str, str, str]]:
    """The differences of a report: the operation, the kind and the place of each."""
    assert result.code == 0, result.err
    return {(each["operation"], each["kind"], each["place"]) for each in result.json["differences"]}


def verdicts(result: Result) -> dict[str, str]:
    return {each["probe"]: each["verdict"] for each in result.json["probes"]}


def scratch_state(emulator: Emulator) -> dict[str, Any]:
    """What the scratch model has: items of its list, and content of its files."""
    with http_of(emulator) as http:
        models = http.get("/2/0/models").json()["models"]
        path = f"/2/0/models/{next(each['id'] for each in models if each['name'] == 'Scratch')}"
        list_id = http.get(f"{path}/lists").json()["lists"][0]["id"]
        files = http.get(f"{path}/files").json()["files"]
        chunks = [http.get(f"{path}/files/{each['id']}/chunks").json() for each in files]
        return {
            "items": http.get(f"{path}/lists/{list_id}/items").json().get("listItems", []),
            "chunks": [chunk for each in chunks for chunk in each.get("chunks", [])],
        }


EMPTY: dict[str, list[Any]] = {"items": [], "chunks": []}


def http_of(emulator: Emulator) -> httpx2.Client:
    """A plain HTTP client, which is signed in."""
    auth = (emulator.user_email, emulator.password)
    reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=auth)
    token = reply.json()["tokenInfo"]["tokenValue"]
    headers = {"Authorization": f"AnaplanAuthToken {token}"}
    return httpx2.Client(base_url=emulator.base_url, headers=headers)


@pytest.fixture(scope="module")
def other_emulator() -> Iterator[Emulator]:
    """What the command starts, for the comparison of the tests."""
    with Emulator(DEFAULT) as emulator:
        yield emulator


def test_equal_emulators_do_not_differ(compare: Compare, emulator: Emulator) -> None:
    result = compare("--write-model", "Scratch", "--yes", "-o", "json")
    assert found(result) == set()
    report = result.json
    assert report["complete"]
    assert report["left"] == []
    assert {each["verdict"] for each in report["probes"]} <= {
        "compared", "holds", "observed", "differs", "not applicable"
    }  # fmt: skip
    # The emulator answers it, unless a setting says otherwise.
    assert [name for name, each in verdicts(result).items() if each == "differs"] == [
        "complete-without-a-body"
    ]
    for each in report["probes"]:
        assert each["live"] == each["emulator"], each["probe"]
    assert scratch_state(emulator) == EMPTY
    sent = [each for each in emulator.requests() if each.method not in READS]
    main = str(emulator.model_id)
    changed = [each.path for each in sent if main in each.path and "readRequests" not in each.path]
    assert changed == []


def test_without_a_scratch_model_it_only_reads(compare: Compare, emulator: Emulator) -> None:
    emulator.clear_requests()
    result = compare("--report", "out")
    assert result.code == 0, result.err
    requests = emulator.requests()
    assert len(requests) > 100
    for each in requests:
        is_read = each.method in READS
        is_sign_in = each.method == "POST" and SIGN_IN.fullmatch(each.path)
        is_large_read = each.method in ("POST", "DELETE") and LARGE_READ.fullmatch(each.path)
        assert is_read or is_sign_in or is_large_read, (each.method, each.path)
    created = [each for each in requests if each.method == "POST" and each.status == 200]
    created = [each for each in created if LARGE_READ.fullmatch(each.path)]
    deleted = [each for each in requests if each.method == "DELETE" and each.status == 200]
    assert len(created) == len(deleted) > 0
    assert Path("out/comparison.md").read_text().startswith("# Comparison of a live tenant")
    assert json.loads(Path("out/comparison.json").read_text())["complete"]
    assert "Differences (0)" in result.out
    assert "--report" not in result.err


def test_an_emulator_of_a_capture_does_not_differ(anaplan: Command, emulator: Emulator) -> None:
    emulator.clear_faults()
    result = anaplan("tenant", "compare", "-o", "json")
    assert found(result) == set()
    assert set(verdicts(result).values()) <= {
        "compared", "holds", "observed", "not applicable", "no access"
    }  # fmt: skip


def structure(value: Any, place: str = "") -> set[tuple[str, str]]:
    """Places and types in a body, found in another way than the command does."""
    if isinstance(value, dict):
        inner: set[tuple[str, str]] = set()
        for name, each in value.items():
            # The names in these objects are the model's.
            own = place.endswith((".properties", ".subsets"))
            inner |= structure(each, f"{place}.{'{name}' if own else name}")
        return inner | {(place, "object")}
    if isinstance(value, list):
        return {(place, "array")}.union(*(structure(each, f"{place}[]") for each in value))
    numbers = "number" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return {(place, numbers or type(value).__name__)}


def generic(path: str) -> str:
    """A path, or its template, with braces in place of ids."""
    return re.sub(r"\{\w+\}|(?<=/)(?:\d{9,}|[0-9a-fA-F]{32})(?=/|$)", "{}", path)


def template(path: str) -> str:
    """The operation of a path that was requested, as in a report."""
    return "GET " + generic(path.removeprefix("/cloudworks"))


@pytest.mark.parametrize("dialect", ["guide", "odd"])
def test_all_differences_of_a_dialect_are_found_and_no_others(
    compare: Compare, emulator: Emulator, other_emulator: Emulator, dialect: Dialect
) -> None:
    emulator.settings.dialect = dialect
    emulator.clear_requests()
    result = compare("-o", "json")
    # What replies that are plain reads differ in, by requests of the test's own.
    requests = {
        (each.path, each.query, each.headers.get("accept", "*/*")): each
        for each in emulator.requests()
        if each.method == "GET" and "readRequests" not in each.path
        and each.headers.get("authorization", "").startswith("AnaplanAuthToken")
        and not each.headers["authorization"].endswith("invented")
    }  # fmt: skip
    expected: set[str] = set()
    missing: dict[str, set[str]] = {}
    with http_of(emulator) as live, http_of(other_emulator) as other:
        for path, query, accept in requests:
            if path.endswith("/data") and len(query) > 1_000:
                continue
            url = f"{path}?{query}" if query else path
            ours, theirs = (each.get(url, headers={"Accept": accept}) for each in (live, other))
            if ours.status_code != theirs.status_code:
                expected.add(template(path))
            elif ours.is_success and "json" in ours.headers["content-type"]:
                pair = structure(ours.json()), structure(theirs.json())
                if pair[0] != pair[1]:
                    expected.add(template(path))
                    names = [{place for place, _ in each} for each in pair]
                    missing.setdefault(template(path), set()).update(names[0] ^ names[1])
    rows = result.json["differences"]
    seen = {generic(each["operation"]) for each in rows if each["operation"].startswith("GET ")}
    seen = {each for each in seen if "readRequests" not in each}
    assert seen == expected
    for each in rows:
        operation = generic(each["operation"])
        is_named = "<name>" not in each["place"]
        # The members that only this dialect has are made of words that no other name has.
        assert is_named or dialect == "odd", each
        if is_named and "missing" in (each["live"], each["emulator"]) and operation in missing:
            assert f".{each['place']}" in missing[operation], each
    if dialect == "guide":
        tried = {template(path) for (path, _, _), each in requests.items() if each.status == 200}
        dialects = {f"{method} {generic(path)}" for method, path in _GUIDE if method == "GET"}
        # Without a task, a revision or an appropriate run there is nothing to reduce.
        without_rows = {"GET /2/0/models/{}/alm/revisions", "GET /2/0/integrations/runs/{}"}
        assert (dialects & tried) - without_rows <= seen
        assert {f"GET {MODEL}/modelCalendar", "GET /2/0/integrations"} <= {
            each["operation"] for each in rows
        }


def test_differences_of_the_dialect_in_replies_to_writes_are_found(
    compare: Compare, emulator: Emulator
) -> None:
    emulator.settings.dialect = "guide"
    result = compare(
        "--write-model", "Scratch", "--yes", "-o", "json",
        *probes("list-import-counters", "cell-write-unchanged", "empty-export"),
    )  # fmt: skip
    task = f"{MODEL}/imports/{{probeImportId}}/tasks"
    export = f"{MODEL}/exports/{{probeExportId}}/tasks"
    assert found(result) == {
        (f"POST {task}", "missing", "taskId"),
        (f"POST {task}", "additional", "meta"),
        (f"POST {task}", "additional", "status"),
        (f"POST {task}", "additional", "task"),
        (f"GET {task}/{{taskId}}", "additional", "task.creationTime"),
        (f"POST {export}", "additional", "task.taskState"),
        (f"POST {export}", "additional", "task.creationTime"),
        (f"GET {export}/{{taskId}}", "additional", "task.creationTime"),
        (f"POST {MODEL}/modules/{{probeModuleId}}/data", "missing", "failures"),
    }


def test_settings_are_found_by_their_probes(compare: Compare, emulator: Emulator) -> None:
    emulator.settings.chunk_listing = "arrived"
    emulator.settings.complete_fails = True
    result = compare(
        "--write-model", "Scratch", "--yes", "-o", "json",
        *probes("chunk-listing", "complete-without-a-body", "count-removes-content"),
    )  # fmt: skip
    assert verdicts(result) == {
        "chunk-listing": "differs",
        "complete-without-a-body": "holds",
        "count-removes-content": "holds",
    }
    assert found(result) == {(f"POST {MODEL}/files/{{probeFileId}}/complete", "status", "")}
    texts = {each["probe"]: (each["live"], each["emulator"]) for each in result.json["probes"]}
    assert texts["chunk-listing"] == ("those that have arrived", "as many as declared")
    assert texts["complete-without-a-body"] == ("500", "200")
    assert scratch_state(emulator) == EMPTY


def test_changed_replies_are_found_and_nothing_else(compare: Compare, emulator: Emulator) -> None:
    with http_of(emulator) as http:
        base = f"/2/0/models/{emulator.model_id}"
        period = http.get(f"{base}/currentPeriod").json()
        lists = http.get(f"{base}/lists").json()
    period["currentPeriod"]["calendarType"] = 4
    del period["currentPeriod"]["lastDay"]
    period["currentPeriod"]["userCount"] = []
    lists["lists"].reverse()
    faults: list[dict[str, Any]] = [
        {"path": "*/currentPeriod", "body": period},
        {"path": "*/modelCalendar", "status": 418},
        {"path": "*/versions", "headers": {"Content-Type": "text/json", "Retry-After": "7"}},
        {"path": "*/fiscalYear", "headers": {"Allow": "GET, PUT"}},
        {"path": "*/lists", "body": lists},
    ]
    for each in faults:
        emulator.add_fault(Fault(times=None, **each))
    result = compare("-o", "json", *probes("calendar-and-versions", "lists"))
    assert found(result) == {
        (f"GET {MODEL}/currentPeriod", "type", "currentPeriod.calendarType"),
        (f"GET {MODEL}/currentPeriod", "missing", "currentPeriod.userCount"),
        (f"GET {MODEL}/currentPeriod", "additional", "currentPeriod.lastDay"),
        (f"GET {MODEL}/modelCalendar", "status", ""),
        (f"GET {MODEL}/versions", "header", "content-type"),
        (f"GET {MODEL}/versions", "header", "retry-after"),
        (f"GET {MODEL}/modelCalendar/fiscalYear", "header", "allow"),
        (f"GET {MODEL}/lists", "order", "lists[]"),
        # Of the request for a page, which has the same reply.
        (f"GET {MODEL}/lists", "additional", "meta.paging.next"),
        (f"GET {MODEL}/lists", "additional", "meta.paging.previous"),
    }


def test_replies_that_are_read_in_part_are_compared(compare: Compare, emulator: Emulator) -> None:
    item: JsonValue = {"id": "1", "name": "a@b.c", "code": "code", "userCount": None}
    body: JsonValue = {"items": [item] * 2_000, "status": {"code": 200}}
    emulator.add_fault(Fault(path="*/dimensions/101999999999/items", body=body, times=None))
    result = compare("-o", "json", *probes("users-list"))
    path = f"{MODEL}/dimensions/101999999999/items"
    places = {place for operation, _, place in found(result) if operation == f"GET {path}"}
    assert "items[].userCount" in places
    assert verdicts(result) == {"users-list": "holds"}


@pytest.mark.parametrize(
    ("live", "emulator", "expected"),
    [(2_000, 100, 0), (100, 100, 1), (100, 2_000, 1)],
    ids=["shorter", "as long", "longer"],
)
def test_a_sample_may_be_too_short_to_be_compressed(
    live: int, emulator: int, expected: int
) -> None:
    compressed = Reply(200, {"content-encoding": "gzip"}, b"a" * live)
    plain = Reply(200, {}, b"a" * emulator)
    found = differences(Call("/models"), compressed, plain)
    assert len([each for each in found if each.place == ("content-encoding",)]) == expected


def test_no_access_is_no_difference(
    compare: Compare, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_fault(Fault(path="*/models/*/dashboards", status=403, times=None))
    emulator.add_fault(Fault(path="*/models/*/alm/*", status=403, times=None))
    result = compare("-o", "json", *probes("modules", "alm"))
    assert found(result) == set()
    assert verdicts(result) == {"modules": "compared", "alm": "no access"}


def test_a_probe_that_fails_does_not_end_the_run(compare: Compare, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path="*/lineItems", lose_reply=True, times=None))
    result = compare(
        "-o", "json", *probes("modules", "lists", "view-boolean-cells"),
    )  # fmt: skip
    assert verdicts(result) == {
        "modules": "failed", "lists": "compared", "view-boolean-cells": "failed"
    }  # fmt: skip
    assert found(result) == set()


def test_a_redirection_is_compared_rather_than_followed(
    compare: Compare, emulator: Emulator
) -> None:
    headers = {"Location": "https://elsewhere.example/lists"}
    emulator.add_fault(Fault(path="*/lists", status=302, headers=headers, times=None))
    result = compare("-o", "json", *probes("lists"))
    emulator.clear_faults()
    assert ("GET /2/0/models/{modelId}/lists", "status", "") in found(result)
    assert "elsewhere" not in result.out + result.err


def test_without_the_live_tenant_the_run_ends_with_what_was_found(
    compare: Compare, emulator: Emulator
) -> None:
    emulator.add_fault(Fault(path="*/model*", reset_before=True, times=None, skip=2))
    result = compare("-o", "json")
    assert result.code == 9
    assert not result.json["complete"]
    assert verdicts(result)["token"] == "compared"
    assert "could not be reached any more" in result.err


@pytest.mark.parametrize("flag", [False, True], ids=["without-flag", "with-flag"])
def test_differences_are_data_unless_they_shall_fail(
    compare: Compare, emulator: Emulator, flag: bool
) -> None:
    emulator.add_fault(Fault(path="*/status", status=418, times=None))
    flags = ["--fail-on-difference"] if flag else []
    assert compare(*flags, *probes("model-status")).code == int(flag)
    emulator.clear_faults()
    assert compare(*flags, *probes("model-status")).code == 0


def test_what_cannot_be_deleted_is_named(compare: Compare, emulator: Emulator) -> None:
    emulator.add_fault(Fault(method="DELETE", path="*/files/*", status=500, times=None))
    result = compare(
        "--write-model", "Scratch", "--yes", "-o", "json", "--report", "out",
        *probes("count-removes-content"),
    )  # fmt: skip
    assert result.code == 0
    left = "the content of the file of the scratch model's import (probe)"
    assert result.json["left"] == [left]
    assert f"Not deleted from the scratch model: {left}" in result.err
    assert left in Path("out/comparison.md").read_text()


def test_ctrl_c_deletes_what_was_written_and_prints_what_was_found(
    compare: Compare, emulator: Emulator
) -> None:
    def has_task() -> bool:
        started = [each for each in emulator.requests() if each.path.endswith("/tasks")]
        return any(each.method == "POST" and each.status == 200 for each in started)

    emulator.settings.hold_tasks = "IN_PROGRESS"
    with ctrl_c_when(has_task):
        result = compare(
            "--write-model", "Scratch", "--yes", "-o", "json",
            *probes("token", "list-dump-columns"),
        )  # fmt: skip
    assert result.code == 130
    assert not result.json["complete"]
    assert verdicts(result) == {"token": "compared"}
    assert "Interrupted. What the run wrote was deleted." in result.err
    # The task was cancelled, so that it does not write later.
    emulator.settings.hold_tasks = None
    assert scratch_state(emulator) == EMPTY
    tasks = [each for each in emulator.requests() if re.search(r"/tasks/[0-9A-F]{32}", each.path)]
    assert "DELETE" in {each.method for each in tasks}


def test_ctrl_c_during_the_capture_leaves_nothing_that_was_read(
    anaplan: Command, emulator: Emulator, home: Path
) -> None:
    emulator.clear_faults()
    emulator.clear_requests()
    emulator.add_fault(Fault(path="*/lists/*/items", hold_seconds=20, times=None))
    with ctrl_c_when(lambda: any(each.path.endswith("/lists") for each in emulator.requests())):
        result = anaplan("tenant", "compare")
    emulator.clear_faults()
    assert result.code == 130
    assert list(home.glob(".local/state/anaplan-sdk/captures/*")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--probe", "unknown"], "'unknown' is not a probe."),
        (["--probe", "list-dump-column"], "did you mean 'list-dump-columns'?"),
        (["--probe", "empty-export"], "The probe 'empty-export' writes"),
        (["--write-model", "Flight Operations", "--yes"], "is the model that is compared"),
        (
            ["--write-model", "Flight Operations 2012", "--yes"],
            "The scratch model has no list 'Probe'.",
        ),
        (["--write-model", "Scratch"], "Without a terminal, confirm it with --yes."),
        (["--report", "file"], "file is not a folder."),
    ],
    ids=[
        "unknown",
        "misspelt",
        "writes",
        "same-model",
        "not-prepared",
        "not-confirmed",
        "not-a-folder",
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    compare: Compare, emulator: Emulator, arguments: list[str], message: str
) -> None:
    Path("file").touch()
    emulator.clear_requests()
    result = compare(*arguments)
    assert result.code == 2, result.err
    assert message in result.err
    sent = [each.path for each in emulator.requests() if each.method not in READS]
    assert all(SIGN_IN.fullmatch(each) for each in sent)


def test_a_list_with_items_is_not_used(compare: Compare, emulator: Emulator) -> None:
    with http_of(emulator) as http:
        models = http.get("/2/0/models").json()["models"]
        path = f"/2/0/models/{next(each['id'] for each in models if each['name'] == 'Scratch')}"
        list_id = http.get(f"{path}/lists").json()["lists"][0]["id"]
        url = f"{path}/lists/{list_id}/items?action=add"
        http.post(url, json={"items": [{"name": "mine", "code": "mine"}]})
    result = compare("--write-model", "Scratch", "--yes")
    assert result.code == 2
    assert "The list 'Probe' of the scratch model has items; nothing was written." in result.err
    assert [each["code"] for each in scratch_state(emulator)["items"]] == ["mine"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "is not a file"), ("{", "The tenant file is not valid"), ("{}", "The tenant file")],
    ids=["missing", "no-json", "no-tenant"],
)
def test_a_wrong_tenant_file_is_reported(
    compare: Compare, home: Path, content: str | None, message: str
) -> None:
    path = home / "tenant.json"
    if content is not None:
        path.write_text(content)
    result = compare(tenant=path)
    assert result.code == 2
    assert message in result.err


def test_probes_are_listed_without_credentials(
    anaplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANAPLAN_PASSWORD")
    rows = anaplan("tenant", "compare", "--list-probes", "-o", "json").json
    assert len(rows) > 50
    assert rows[0].keys() == {"probe", "writes", "statement", "source"}
    assert 'List "Probe"' in anaplan("tenant", "compare", "--scratch-help").out


def test_without_the_emulator_the_extra_is_named(
    compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "anaplan_emulator.emulator", None)
    result = compare()
    assert result.code == 1
    assert "pip install 'anaplan-sdk[emulator]'" in result.err


def test_it_asks_before_it_writes(terminal: OpenTerminal, emulator: Emulator) -> None:
    emulator.clear_requests()
    opened = terminal("tenant", "compare", "--tenant", str(DEFAULT), "--write-model", "Scratch")
    opened.wait_for("Write to the model 'Scratch', and delete at the end what was written?")
    opened.type("n\n")
    assert opened.finish() == 1
    sent = [each.path for each in emulator.requests() if each.method not in READS]
    assert all(SIGN_IN.fullmatch(each) for each in sent)


def test_it_can_be_read_at_80_columns(terminal: OpenTerminal, emulator: Emulator) -> None:
    emulator.settings.dialect = "guide"
    opened = terminal(
        "tenant", "compare", "--tenant", str(DEFAULT), *probes("scim", "malformed-authorization")
    )
    assert opened.finish() == 0
    assert "malformed-authorization" in opened.text
    assert "Differences (5)" in opened.text
