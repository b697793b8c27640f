"""`anaplan request`: any request, with the host and the token filled in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anaplan_emulator.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

TASKS = "/2/0/models/{model}/imports/112000000001/tasks"


def sent(emulator: Emulator, method: str) -> int:
    own = [each for each in emulator.requests() if "/token/" not in each.path]
    return sum(each.method == method for each in own)


def test_the_body_of_a_reply_is_printed_as_it_is(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("request", "GET", "2/0/models/{model}/lists")
    assert (done.code, done.err) == (0, "")
    assert done.json["lists"][1] == {"id": "101000000001", "name": "Airlines"}
    assert str(emulator.model_id) in done.json["meta"]["schema"]


def test_names_are_filled_in_as_ids(anaplan: Command, emulator: Emulator) -> None:
    names = ("-w", "Network Planning", "-m", "Flight Operations")
    done = anaplan("request", "get", "/2/0/models/{model}?workspace={workspace}", *names)
    assert done.json["model"]["id"] == emulator.model_id
    assert done.json["model"]["currentWorkspaceId"] == emulator.workspace_id


def test_json_is_indented_on_a_terminal(anaplan: Command) -> None:
    done = anaplan("request", "GET", "/2/0/workspaces", "-i", on_terminal=True)
    assert "HTTP 200 OK" in done.err
    assert '      "name": "Network Planning",' in done.out


def test_status_and_headers_are_words(anaplan: Command) -> None:
    done = anaplan("request", "GET", "/2/0/workspaces", "--include")
    assert done.json["workspaces"]
    assert done.err.startswith("HTTP 200 OK\n")
    assert "content-type: application/json\n" in done.err


def test_fields_are_the_query_of_a_get(anaplan: Command) -> None:
    done = anaplan("request", "GET", "/2/0/users?limit=1", "-F", "offset=3")
    assert done.json["meta"]["paging"]["offset"] == 3
    assert len(done.json["users"]) == 1


def test_fields_are_a_body_otherwise(anaplan: Command) -> None:
    done = anaplan("request", "POST", TASKS, "-f", "localeName=en_US")
    assert done.code == 0
    assert done.json["task"]["taskState"]


def test_typed_fields_are_json(anaplan: Command, emulator: Emulator) -> None:
    body = "[1, true]"
    emulator.add_fault(Fault(path="*/tasks", status=400, body={"seen": "it"}))
    done = anaplan("request", "POST", TASKS, "-F", f"mappingParameters={body}")
    assert (done.code, done.out) == (1, '{"seen":"it"}')
    assert anaplan("request", "POST", TASKS, "-F", "a=x").code == 2


def test_a_body_is_piped_in(anaplan: Command, home: Path) -> None:
    body = '{"localeName": "en_US"}'
    assert anaplan("request", "POST", TASKS, "--input", "-", stdin=body).code == 0
    (home / "body.json").write_text(body)
    assert anaplan("request", "POST", TASKS, "--input", "body.json").code == 0
    missing = anaplan("request", "POST", TASKS, "--input", "missing.json")
    assert (missing.code, missing.err.splitlines()[0]) == (
        2,
        "Error: There is no file 'missing.json'.",
    )


def test_all_pages_are_one_reply(anaplan: Command, emulator: Emulator) -> None:
    whole = anaplan("request", "GET", "/2/0/users").json["users"]
    emulator.clear_requests()
    done = anaplan("request", "GET", "/2/0/users", "--paginate", "-f", "limit=4")
    assert [each["id"] for each in done.json["users"]] == [each["id"] for each in whole]
    assert sent(emulator, "GET") == 3


def test_scim_counts_from_one(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "admin@skyline.example")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "Adm1nister!")
    arguments = ("request", "GET", "Users", "--service", "scim")
    done = anaplan(*arguments, "--paginate", "-f", "count=3")
    ids = [each["id"] for each in done.json["Resources"]]
    assert len(ids) == len(set(ids)) == done.json["totalResults"]


def test_only_listings_have_pages(anaplan: Command) -> None:
    done = anaplan("request", "GET", "/2/0/models/{model}", "--paginate")
    assert (done.code, done.out) == (2, "")
    assert anaplan("request", "POST", TASKS, "--paginate").code == 2


@pytest.mark.parametrize(
    ("service", "path", "key"),
    [
        ("cloudworks", "integrations", "integrations"),
        ("auth", "/token/validate", "userInfo"),
        ("api", "/2/0/workspaces", "workspaces"),
    ],
)
def test_services_have_hosts_of_their_own(
    anaplan: Command, service: str, path: str, key: str
) -> None:
    assert key in anaplan("request", "GET", path, "--service", service).json


def test_a_full_url_of_a_known_host(anaplan: Command, emulator: Emulator) -> None:
    done = anaplan("request", "GET", f"{emulator.base_url}/2/0/workspaces")
    assert done.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("https://api.anaplan.com.evil.example/2/0/workspaces",),
        ("https://api.anaplan.com/2/0/workspaces",),
        ("http://user:pass@127.0.0.1:1/2/0",),
        ("//evil.example/2/0/workspaces", "-H", "Authorization: AnaplanAuthToken x"),
        ("/2/0/users", "-H", "Cookie: a=b"),
        ("/2/0/users", "-H", "no header"),
        ("/2/0/users", "-f", "password=Fl1ghts!"),
        ("/2/0/users", "-F", 'body={"secretAccessKey": "skyline-s3-example"}'),
        ("/2/0/users", "-f", "a=1", "-f", "a=2"),
        ("/2/0/users", "-f", "a"),
        ("/2/0/models/{modell}",),
        ("/2/0/users", "--service", "mail"),
    ],
)
def test_nothing_is_sent_to_other_hosts_or_with_secrets(
    anaplan: Command, emulator: Emulator, arguments: tuple[str, ...]
) -> None:
    emulator.clear_requests()
    done = anaplan("request", "GET", *arguments)
    assert (done.code, done.out) == (2, "")
    assert emulator.requests() == []
    assert "Fl1ghts!" not in done.err


def test_a_path_cannot_name_another_host(anaplan: Command, emulator: Emulator) -> None:
    assert anaplan("request", "GET", "//evil.example/2/0/workspaces").code != 0
    assert emulator.requests()[-1].path.startswith("/evil.example/")


@pytest.mark.parametrize(("status", "code"), [(400, 1), (403, 4), (404, 5)])
def test_an_error_has_its_body_on_stdout(
    anaplan: Command, emulator: Emulator, status: int, code: int
) -> None:
    body = {"status": {"code": status, "message": "No, since"}, "details": [1, 2]}
    fault = {"path": "/2/0/workspaces", "status": status, "body": body}
    emulator.add_fault(Fault.model_validate(fault))
    done = anaplan("request", "GET", "/2/0/workspaces")
    assert done.code == code
    assert json.loads(done.out) == body
    assert "No, since" in done.err


def test_a_failed_sign_in_prints_no_body(anaplan: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAPLAN_PASSWORD", "wrong")
    done = anaplan("request", "POST", TASKS)
    assert (done.code, done.out) == (4, "")


def test_what_anaplan_does_not_provide_is_not_worth_repeating(
    anaplan: Command, emulator: Emulator
) -> None:
    emulator.add_fault(Fault(path="/2/0/workspaces", status=501, times=None))
    for command in (("request", "GET", "/2/0/workspaces"), ("ls", "workspaces")):
        done = anaplan(*command)
        assert done.code == 1
        assert "repeating the command does not help" in done.err


def test_a_get_is_repeated(anaplan: Command, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path="/2/0/workspaces", reset_before=True))
    done = anaplan("request", "GET", "/2/0/workspaces")
    assert done.code == 0
    assert len(done.json["workspaces"]) == 1


@pytest.mark.parametrize("fault", [{"lose_reply": True}, {"status": 504}])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_requests_are_sent_once(
    anaplan: Command, emulator: Emulator, method: str, fault: dict[str, object]
) -> None:
    emulator.add_fault(Fault.model_validate({"path": "*/tasks", "times": None, **fault}))
    done = anaplan("request", method, TASKS)
    assert done.code == 7
    assert "Anaplan may have acted on it" in done.err
    assert sent(emulator, method) == 1
