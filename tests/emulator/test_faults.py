import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import ValidationError

from anaplan_emulator import Emulator, Fault

if TYPE_CHECKING:
    from tests.emulator.conftest import TenantClient

AUTHENTICATE = "/token/authenticate"
# Enough time to connect, but not to receive a response.
SHORT_READ_TIMEOUT = httpx2.Timeout(10, read=0.1)
ADA = ("ada@example.com", "correct horse")


def tokens_issued(emulator: Emulator) -> int:
    with emulator.tenant.store.snapshot() as db:
        (count,) = db.execute("SELECT count(*) FROM tokens").fetchone()
    assert isinstance(count, int)
    return count


def test_a_status_replaces_the_given_number_of_responses(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(status=429, headers={"Retry-After": "1"}, skip=1, times=2))

    replies = [http.post(AUTHENTICATE, auth=ADA) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [201, 429, 429, 201]
    assert replies[1].headers["Retry-After"] == "1"
    assert tokens_issued(emulator) == 2


def test_an_unlimited_fault_applies_to_every_request(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(status=500, times=None))

    assert {http.post(AUTHENTICATE, auth=ADA).status_code for _ in range(5)} == {500}

    emulator.clear_faults()
    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "met"),
    [
        ("POST", "/token/*", True),
        ("*", "*/authenticate", True),
        ("GET", "*", False),
        ("POST", "/2/0/*", False),
    ],
)
def test_faults_select_requests_by_method_and_path(
    emulator: Emulator, http: httpx2.Client, method: str, path: str, met: bool
) -> None:
    emulator.add_fault(Fault(method=method, path=path, status=500))

    assert (http.post(AUTHENTICATE, auth=ADA).status_code == 500) is met


def test_errors_have_the_shape_of_the_api(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(status=500, times=None))

    sign_in = http.post(AUTHENTICATE, auth=ADA).json()
    other = http.get("/2/0/anything").json()

    assert set(sign_in) == {"status", "statusMessage"}
    assert other["status"] == {"code": 500, "message": "Internal Server Error"}


def test_nonstandard_statuses_are_possible(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(status=452))

    reply = http.get("/2/0/anything")

    assert (reply.status_code, reply.json()["status"]["message"]) == (452, "")


def test_gateway_errors_are_html(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(status=502))

    reply = http.post(AUTHENTICATE, auth=ADA)

    assert reply.headers["Content-Type"].startswith("text/html")
    assert "502 Bad Gateway" in reply.text


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        (Fault(body="<html>proxy</html>"), 200, b"<html>proxy</html>"),
        (Fault(body={"odd": 1}, status=201), 201, b'{"odd":1}'),
        (Fault(status=204), 204, b""),
        (Fault(status=503, body=""), 503, b""),
    ],
)
def test_a_body_can_be_given(
    emulator: Emulator, http: httpx2.Client, fault: Fault, status: int, content: bytes
) -> None:
    emulator.add_fault(fault)

    reply = http.post(AUTHENTICATE, auth=ADA)

    assert (reply.status_code, reply.content) == (status, content)


def test_a_processed_request_can_be_answered_with_an_error(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(status=504, processed=True))

    assert http.post(AUTHENTICATE, auth=ADA).status_code == 504
    assert tokens_issued(emulator) == 1


def test_headers_can_be_set_and_removed(emulator: Emulator, http: httpx2.Client) -> None:
    yesterday = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    emulator.add_fault(Fault(headers={"Date": yesterday, "Content-Type": None, "X-More": "1"}))

    reply = http.post(AUTHENTICATE, auth=ADA)

    assert reply.status_code == 201
    assert reply.headers["Date"] == yesterday
    assert reply.headers["X-More"] == "1"
    assert "Content-Type" not in reply.headers


def test_a_delayed_request_is_processed_after_the_client_times_out(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(delay_seconds=30))

    with pytest.raises(httpx2.ReadTimeout):
        http.post(AUTHENTICATE, auth=ADA, timeout=SHORT_READ_TIMEOUT)

    while not tokens_issued(emulator):
        pass
    assert tokens_issued(emulator) == 1


def test_a_delay_has_the_given_length(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(delay_seconds=0.2))
    started_at = time.monotonic()

    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201

    assert 0.2 <= time.monotonic() - started_at < 30


def test_a_held_request_is_processed_after_the_client_disconnects(shop: "TenantClient") -> None:
    tasks = shop.path("/actions/117000000000/tasks")
    shop.emulator.add_fault(Fault(method="POST", path="*/tasks", hold_seconds=1))

    started_at = shop.emulator.tenant.clock.milliseconds()

    with pytest.raises(httpx2.ReadTimeout):
        shop.http.post(tasks, json={"localeName": "en_US"}, timeout=SHORT_READ_TIMEOUT)

    while not (started := shop.http.get(tasks).json().get("tasks")):
        pass
    assert len(started) == 1
    assert started[0]["creationTime"] >= started_at + 1000
    assert shop.wait(f"{tasks}/{started[0]['taskId']}")["taskState"] == "COMPLETE"


def test_a_held_upload_is_stored_after_the_client_disconnects(shop: "TenantClient") -> None:
    file = shop.path(f"/files/{shop.ids_by_name('files')['products.csv']}")
    content = b"Code\n" + b"x" * 1_000_000
    shop.emulator.add_fault(Fault(method="PUT", hold_seconds=1))

    with pytest.raises(httpx2.ReadTimeout):
        shop.http.put(file, content=content, timeout=SHORT_READ_TIMEOUT)

    while shop.http.get(f"{file}/chunks/0").content != content:
        pass


def test_a_held_request_receives_its_response(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(hold_seconds=0.2))
    started_at = time.monotonic()

    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201

    assert time.monotonic() - started_at >= 0.2
    assert tokens_issued(emulator) == 1


@pytest.mark.parametrize(
    "response_fault", [{"status": 504, "processed": True}, {"lose_reply": True}]
)
def test_a_hold_can_be_combined_with_response_faults(
    emulator: Emulator, http: httpx2.Client, response_fault: dict[str, Any]
) -> None:
    emulator.add_fault(Fault(hold_seconds=0.2, **response_fault))
    started_at = time.monotonic()

    with suppress(httpx2.ReadError):
        assert http.post(AUTHENTICATE, auth=ADA).status_code == 504

    assert time.monotonic() - started_at >= 0.2
    assert tokens_issued(emulator) == 1


def test_the_connection_is_reset_before_the_request_is_processed(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(reset_before=True))

    with pytest.raises(httpx2.ReadError, match="reset"):
        http.post(AUTHENTICATE, auth=ADA)

    assert tokens_issued(emulator) == 0


def test_the_connection_is_reset_while_the_body_arrives(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(reset_during_request=100_000))

    def body() -> Iterator[bytes]:
        while True:
            yield bytes(10_000)

    with pytest.raises(httpx2.TransportError):
        http.post(AUTHENTICATE, auth=ADA, content=body())

    assert tokens_issued(emulator) == 0
    assert emulator.requests()[-1].body_bytes >= 100_000


def test_a_response_is_lost_after_the_request_was_processed(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(lose_reply=True))

    with pytest.raises(httpx2.ReadError, match="reset"):
        http.post(AUTHENTICATE, auth=ADA)

    assert tokens_issued(emulator) == 1
    assert emulator.requests()[-1].status is None
    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201


def test_the_connection_is_reset_within_a_response(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(body="x" * 1000, reset_after_bytes=400))

    with http.stream("POST", AUTHENTICATE, auth=ADA) as reply:
        assert reply.headers["Content-Length"] == "1000"
        pieces = reply.iter_raw(400)
        assert next(pieces) == b"x" * 400
        with pytest.raises(httpx2.ReadError, match="reset"):
            next(pieces)


def test_a_response_ends_before_its_declared_length(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(truncate_after_bytes=10))

    with pytest.raises(httpx2.RemoteProtocolError):
        http.post(AUTHENTICATE, auth=ADA)

    assert tokens_issued(emulator) == 1
    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201


def test_a_response_shorter_than_the_limit_is_complete(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(reset_after_bytes=1_000_000))

    assert http.post(AUTHENTICATE, auth=ADA).json()["status"] == "SUCCESS"


def test_a_response_can_be_slow(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(body="x" * 100, bytes_per_second=400))
    started_at = time.monotonic()

    assert http.post(AUTHENTICATE, auth=ADA).text == "x" * 100

    assert time.monotonic() - started_at > 0.15


def test_a_slow_response_ends_when_the_client_disconnects(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.add_fault(Fault(body="x" * 1000, bytes_per_second=1))

    with pytest.raises(httpx2.ReadTimeout):
        http.post(AUTHENTICATE, auth=ADA, timeout=SHORT_READ_TIMEOUT)

    assert http.post(AUTHENTICATE, auth=ADA).status_code == 201


def test_faults_can_be_combined(emulator: Emulator, http: httpx2.Client) -> None:
    fault = Fault(status=503, headers={"Retry-After": "7"}, delay_seconds=0.1)
    emulator.add_fault(fault)
    started_at = time.monotonic()

    reply = http.post(AUTHENTICATE, auth=ADA)

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "7")
    assert time.monotonic() - started_at >= 0.1


def test_the_first_matching_fault_applies(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(status=500))
    emulator.add_fault(Fault(status=503))

    replies = [http.post(AUTHENTICATE, auth=ADA).status_code for _ in range(3)]

    assert replies == [500, 503, 201]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"times": 0, "status": 500},
        {"status": 99},
        {"reset_before": True, "lose_reply": True},
        {"reset_after_bytes": 1, "truncate_after_bytes": 1},
        {"processed": True},
        {"hold_seconds": -1},
        {"hold_seconds": 1, "status": 500},
        {"hold_seconds": 1, "reset_before": True},
        {"unknown": 1},
    ],
)
def test_invalid_faults_are_rejected(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(given)


def test_faults_do_not_apply_to_the_control_api(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.add_fault(Fault(status=500, times=None))

    assert http.get("/_emulator/health").status_code == 200


def test_every_response_has_the_date_of_the_emulator(
    emulator: Emulator, http: httpx2.Client
) -> None:
    emulator.advance(hours=48)

    reply = http.post(AUTHENTICATE, auth=ADA)

    date = parsedate_to_datetime(reply.headers["Date"])
    assert abs(date - emulator.now()) < timedelta(seconds=30)
    assert len(reply.headers.get_list("Date")) == 1


def test_faults_count_the_requests_they_met(emulator: Emulator, http: httpx2.Client) -> None:
    number = emulator.add_fault(Fault(status=500, skip=1, times=1))
    for _ in range(3):
        http.post(AUTHENTICATE, auth=ADA)

    assert http.get("/_emulator/faults").json() == [
        {"id": number, "fault": {"status": 500, "skip": 1}, "seen": 2, "met": 1}
    ]
    assert [request.fault for request in emulator.requests()] == [None, number, None]


def test_stopping_does_not_wait_for_a_delay(emulator: Emulator) -> None:
    with Emulator(emulator.tenant.description) as other:
        other.add_fault(Fault(delay_seconds=60))
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(other.base_url + AUTHENTICATE, auth=ADA, timeout=SHORT_READ_TIMEOUT)
        started_at = time.monotonic()
    assert time.monotonic() - started_at < 30


def test_a_fault_is_unchanged_by_json() -> None:
    fault = Fault(method="PUT", path="*/chunks/*", times=2, status=503, headers={"A": None})

    assert Fault.model_validate_json(fault.model_dump_json()) == fault


@pytest.mark.parametrize(
    "headers",
    [
        {"": "x"},
        {"X Name": "x"},
        {"X-Name:": "x"},
        {"X-Name": "one\r\nX-Other: two"},
        {"X-Name": "one\ntwo"},
        {"X-Name": "\x00"},
        {"X-Name": " x"},
        {"X-Name": "snow \N{SNOWMAN}"},
        {"Content-Length": "many"},
        {"Content-Length": "-1"},
        {"Transfer-Encoding": "gzip"},
    ],
)
def test_headers_that_cannot_be_sent_are_a_400(
    http: httpx2.Client, headers: dict[str, str]
) -> None:
    assert http.post("/_emulator/faults", json={"headers": headers}).status_code == 400
    with pytest.raises(ValidationError):
        Fault(headers=headers)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_refuses_one(http: httpx2.Client, status: int) -> None:
    fault = {"status": status, "body": "text"}
    assert http.post("/_emulator/faults", json=fault).status_code == 400


@pytest.mark.parametrize("status", [204, 205, 304, 200, 451])
def test_statuses_without_a_body_are_sent(http: httpx2.Client, status: int) -> None:
    http.post("/_emulator/faults", json={"status": status, "headers": {"X-Name": "caf\xe9"}})
    reply = http.get("/2/0/workspaces")
    assert reply.status_code == status
    assert reply.headers["x-name"] == "caf\xe9"
