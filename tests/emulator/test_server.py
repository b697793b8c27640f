import gc
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx2
import pytest

from anaplan_emulator import Emulator, StateError, TenantDescription, TenantError
from anaplan_emulator.certificates import ANAPLAN_HOSTS

ADA = ("ada@example.com", "correct horse")


def test_stopping_closes_everything(tenant: TenantDescription) -> None:
    before = set(threading.enumerate())
    with Emulator(tenant) as emulator, httpx2.Client(base_url=emulator.base_url) as client:
        files = [emulator.certificate, emulator.private_key, emulator.tenant.store.path]
        assert client.post("/token/authenticate", auth=ADA).status_code == 201
        address = ("127.0.0.1", httpx2.URL(emulator.base_url).port)

    assert set(threading.enumerate()) <= before
    assert not [file for file in files if file.exists()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)
    gc.collect()  # Unclosed resources would cause warnings, which are errors.


def test_emulators_can_be_created_in_an_event_loop(tenant: TenantDescription) -> None:
    async def make() -> Emulator:
        return Emulator(tenant)

    with anyio.run(make, backend="trio") as emulator:
        reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=ADA)
    assert reply.status_code == 201


def test_an_emulator_that_is_never_started_closes_everything(tenant: TenantDescription) -> None:
    emulator = Emulator(tenant)
    path = emulator.tenant.store.path
    emulator.stop()
    emulator.stop()

    assert not path.exists()


def test_two_emulators_are_independent(tenant: TenantDescription) -> None:
    with Emulator(tenant) as one, Emulator(tenant) as two:
        one.advance(hours=1)
        token = httpx2.post(f"{one.base_url}/token/authenticate", auth=ADA).json()["tokenInfo"]
        headers = {"Authorization": f"AnaplanAuthToken {token['tokenValue']}"}

        assert httpx2.get(f"{one.base_url}/token/validate", headers=headers).is_success
        assert httpx2.get(f"{two.base_url}/token/validate", headers=headers).status_code == 401
        assert (one.now() - two.now()).total_seconds() == pytest.approx(3600, abs=30)


def test_a_port_in_use_is_an_error(emulator: Emulator, tenant: TenantDescription) -> None:
    with pytest.raises(OSError, match="in use"):
        Emulator(tenant, port=httpx2.URL(emulator.base_url).port or 0)


def test_concurrent_requests(emulator: Emulator, http: httpx2.Client) -> None:
    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda _: http.post("/token/authenticate", auth=ADA), range(120)))

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["tokenInfo"]["tokenValue"] for reply in replies}) == 120


def test_a_state_file_keeps_everything(tmp_path: Path, tenant: TenantDescription) -> None:
    state = tmp_path / "state.sqlite"
    with Emulator(tenant, state=state) as first:
        first.advance(hours=5)
        first.settings.page_limit = 7
        reply = httpx2.post(f"{first.base_url}/token/authenticate", auth=ADA)
        headers = {"Authorization": f"AnaplanAuthToken {reply.json()['tokenInfo']['tokenValue']}"}
        authority = first.ca_certificate.read_text()

    # The given tenant is not used: the state file has a tenant.
    other = TenantDescription.model_validate({**tenant.model_dump(), "name": "Unused"})
    with Emulator(other, state=state) as second:
        assert second.tenant.description.name == tenant.name
        assert second.settings.page_limit == 7
        assert second.ca_certificate.read_text() == authority
        assert httpx2.get(f"{second.base_url}/token/validate", headers=headers).is_success
        second.reset()
        assert second.user_email == ADA[0]


def test_a_state_file_in_use_is_rejected(tmp_path: Path, tenant: TenantDescription) -> None:
    state = tmp_path / "state.sqlite"
    (tmp_path / "other_name.sqlite").symlink_to(state)
    with Emulator(tenant, state=state):
        for name in ("state.sqlite", "other_name.sqlite"):
            with pytest.raises(StateError, match=rf"{name} is in use by another emulator"):
                Emulator(tenant, state=tmp_path / name)

    with Emulator(state=state) as next_one:
        assert next_one.user_email == ADA[0]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_state_file_and_its_journal_files_are_private(
    tmp_path: Path, tenant: TenantDescription
) -> None:
    before = os.umask(0o022)
    try:
        with Emulator(tenant, state=tmp_path / "state.sqlite"):
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert modes.keys() >= {"state.sqlite", "state.sqlite-wal", "state.sqlite-shm"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("content", [b"not a database, but long enough to be read as one" * 9])
def test_other_files_are_rejected_and_not_changed(
    tmp_path: Path, tenant: TenantDescription, content: bytes
) -> None:
    state = tmp_path / "notes.txt"
    state.write_bytes(content)

    with pytest.raises(StateError, match=r"notes\.txt"):
        Emulator(tenant, state=state)

    assert state.read_bytes() == content


def test_databases_of_other_programs_are_rejected(
    tmp_path: Path, tenant: TenantDescription
) -> None:
    state = tmp_path / "other.sqlite"
    connection = sqlite3.connect(state)
    connection.execute("CREATE TABLE customers (id)")
    connection.close()

    with pytest.raises(StateError, match=r"other\.sqlite"):
        Emulator(tenant, state=state)


TOML = """
name = "From TOML"
[[users]]
email = "toml@example.com"
password = "p"
first_name = "T"
last_name = "L"
roles = ["tenant_admin"]
"""


def test_tenants_in_toml(tmp_path: Path) -> None:
    file = tmp_path / "tenant.toml"
    file.write_text(TOML)

    with Emulator(file) as emulator:
        assert emulator.user_email == "toml@example.com"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("tenant.json", "{", "tenant.json"),
        ("tenant.toml", "name =", "tenant.toml"),
        ("tenant.json", '{"name": "x", "users": []}', "at least 1"),
        ("tenant.json", '{"name": "x", "users": [], "colour": "red"}', "colour"),
        ("tenant.toml", f'default_user = "who@example.com"\n{TOML}', "who@example.com"),
        ("tenant.toml", TOML + TOML.partition("\n")[2].partition("\n")[2], "same"),
    ],
)
def test_errors_of_invalid_tenant_files(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    file = tmp_path / name
    file.write_text(content)

    with pytest.raises(TenantError, match=reason):
        Emulator(file)


def test_the_error_for_a_missing_tenant_file(tmp_path: Path) -> None:
    with pytest.raises(TenantError, match=r"missing\.json"):
        Emulator(tmp_path / "missing.json")


def test_ids_are_derived_from_the_tenant(tenant: TenantDescription) -> None:
    ids = set()
    for _ in range(2):
        with Emulator(tenant) as emulator:
            url = emulator.base_url
            reply = httpx2.post(f"{url}/token/authenticate", auth=ADA).json()["tokenInfo"]
            headers = {"Authorization": f"AnaplanAuthToken {reply['tokenValue']}"}
            user = httpx2.get(f"{url}/token/validate", headers=headers).json()["userInfo"]
            ids.add((user["userGuid"], user["customerGuid"]))
    assert len(ids) == 1


@pytest.mark.parametrize("host", ["auth.anaplan.com", "eu3.api.anaplan.com", "localhost"])
def test_tls_for_anaplan_host_names(tenant: TenantDescription, host: str) -> None:
    with Emulator(tenant, tls=True) as emulator:
        context = ssl.create_default_context(cafile=emulator.ca_certificate)
        port = httpx2.URL(emulator.base_url).port
        with (
            socket.create_connection(("127.0.0.1", port or 0), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
            secured.sendall(f"GET /token/validate HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert secured.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_the_certificate_contains_every_host_once(emulator: Emulator) -> None:
    assert len(ANAPLAN_HOSTS) == len(set(ANAPLAN_HOSTS)) == 46
    assert emulator.info().keys() >= {"base_url", "user_email", "password", "certificate"}


@pytest.mark.parametrize(
    ("host", "start"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://127.0.0.1:"),
    ],
)
def test_the_base_url_is_reachable(tenant: TenantDescription, host: str, start: str) -> None:
    with Emulator(tenant, host=host) as emulator:
        assert emulator.base_url.startswith(start)
        assert httpx2.get(f"{emulator.base_url}/_emulator/health").status_code == 200


def test_an_invalid_tenant_does_not_replace_the_current_one(
    emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "tenant.json"
    file.write_text("{}")

    with pytest.raises(TenantError):
        emulator.load_tenant(file)

    reply = httpx2.post(f"{emulator.base_url}/token/authenticate", auth=ADA)
    assert reply.status_code == 201


def test_responses_do_not_wait_for_acknowledgements(http: httpx2.Client) -> None:
    durations: list[float] = []
    for _ in range(50):
        started_at = time.monotonic()
        http.get("/token/validate")
        durations.append(time.monotonic() - started_at)

    # If the headers and the body of a response were sent separately, each would take 40 ms because
    # of delayed acknowledgements. The first ones are acknowledged immediately. Even on a slow
    # machine, at least one request is fast.
    assert min(durations[20:]) < 0.04


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There are no forks.")
@pytest.mark.parametrize("end", ["leaves the block", "exits"])
def test_the_end_of_a_forked_process_stops_nothing(end: str) -> None:
    program = """
import os, signal, sys
from anaplan_emulator import Emulator
with Emulator() as emulator:
    certificate = emulator.certificate
    child = os.fork()
    if not child:
        signal.alarm(20)
        if sys.argv[1] == "exits":
            emulator.stop = lambda: None
        sys.exit()
    _, status = os.waitpid(child, 0)
    emulator.reset()
    print(status, certificate.exists(), emulator.tenant.store.path.exists())
print(certificate.exists(), emulator.tenant.store.path.exists())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, end], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["0", "True", "True", "False", "False"]
