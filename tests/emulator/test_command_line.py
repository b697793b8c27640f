import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from anaplan_emulator import TenantDescription

KEYS = {
    "base_url",
    "user_email",
    "password",
    "certificate",
    "private_key",
    "workspace_id",
    "model_id",
    "oauth_client_id",
    "oauth_client_secret",
    "redirect_uri",
    "device_client_id",
}
# Runs the SDK's command as its entry point does, whatever is on PATH.
MAIN = "from anaplan_sdk.cli import main; main()"


@pytest.fixture
def tenant_file(tmp_path: Path, tenant: TenantDescription) -> Path:
    file = tmp_path / "tenant.json"
    file.write_text(tenant.model_dump_json())
    return file


@contextmanager
def command(*arguments: object, temporary: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "anaplan_emulator", *map(str, arguments)],
        env={**os.environ, "TMPDIR": str(temporary)} if temporary else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def read_json_line(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    info = json.loads(process.stdout.readline())
    assert isinstance(info, dict)
    return info


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_json_output_and_termination_by_signals(tenant_file: Path, number: signal.Signals) -> None:
    with command("--port", 0, "--tenant", tenant_file, "--json") as process:
        info = read_json_line(process)
        assert set(info) == KEYS
        assert Path(info["certificate"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        credentials = (info["user_email"], info["password"])
        reply = httpx2.post(f"{info['base_url']}/token/authenticate", auth=credentials)
        assert reply.status_code == 201

        process.send_signal(number)

        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "", "")
    assert not Path(info["certificate"]).exists()


SIGNALS = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]


@pytest.mark.parametrize("number", SIGNALS)
def test_no_files_remain(tmp_path: Path, number: signal.Signals) -> None:
    with command("--port", 0, "--tls", "--json", temporary=tmp_path) as process:
        info = read_json_line(process)
        assert Path(info["private_key"]).is_relative_to(tmp_path)

        process.send_signal(number)

        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_no_files_remain_when_stopped_during_startup(
    tmp_path: Path, number: signal.Signals
) -> None:
    with command("--port", 0, "--json", temporary=tmp_path) as process:
        while not any(tmp_path.iterdir()):
            assert process.poll() is None
            time.sleep(0.01)

        process.send_signal(number)

        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def start_message(*arguments: object) -> Iterator[str]:
    """What the command prints when it starts; it runs as long as the block does."""
    with command("--port", 0, *arguments) as process:
        assert process.stdout is not None
        shown = ""
        while "/_emulator/" not in shown:
            line = process.stdout.readline()
            assert line, shown
            shown += line
        yield shown
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_the_start_message_names_what_the_tenant_has(tenant_file: Path) -> None:
    with start_message("--tenant", tenant_file) as shown:
        pass
    assert "ada@example.com" in shown
    assert "anaplan_sdk.Client(" in shown
    assert "workspace_id=" not in shown  # This tenant has none.
    assert "MODEL_ID" not in shown
    assert "anaplan ls models" in shown
    assert re.search(r"^Console in a browser: http://127\.0\.0\.1:\d+/$", shown, re.MULTILINE)


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are those of a POSIX shell")
def test_the_lines_of_the_start_message_connect_the_command() -> None:
    with start_message() as shown:
        lines = re.findall(r"^    (export .*|anaplan .*)$", shown, re.MULTILINE)
        assert lines[-1] == "anaplan ls imports"
        code = f'anaplan() {{ "{sys.executable}" -c "{MAIN}" "$@"; }}\n' + "\n".join(lines)
        done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Airlines from airlines.csv" in done.stdout


def test_tls_output_contains_the_authority(tenant_file: Path) -> None:
    with command("--port", 0, "--tenant", tenant_file, "--tls", "--json") as process:
        info = read_json_line(process)
        assert set(info) == KEYS | {"ca_certificate"}
        assert info["base_url"].startswith("https://")
        assert Path(info["ca_certificate"]).exists()


def test_verbose_logs_every_request(tenant_file: Path) -> None:
    with command("--port", 0, "--tenant", tenant_file, "--json", "--verbose") as process:
        info = read_json_line(process)
        httpx2.get(f"{info['base_url']}/token/validate")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert "GET /token/validate 400" in errors


def test_a_state_file_keeps_the_clock(tenant_file: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    arguments = ("--port", 0, "--tenant", tenant_file, "--state", state, "--json")
    with command(*arguments) as process:
        info = read_json_line(process)
        clock = {"advance_seconds": 3600}
        httpx2.post(f"{info['base_url']}/_emulator/clock", json=clock).raise_for_status()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    with command(*arguments) as process:
        info = read_json_line(process)
        clock_state = httpx2.get(f"{info['base_url']}/_emulator/clock").json()
        assert clock_state["offset_seconds"] == 3600
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    (warning,) = errors.splitlines()
    assert str(tenant_file) in warning
    assert str(state) in warning


def test_a_state_file_is_locked_until_its_emulator_ends(tenant_file: Path, tmp_path: Path) -> None:
    arguments = ("--port", 0, "--tenant", tenant_file, "--state", tmp_path / "mine.db", "--json")
    with command(
        *arguments, temporary=tmp_path
    ) as first:  # The killed process does not remove its folder.
        read_json_line(first)

        second = run(*arguments)

        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert "mine.db is in use by another emulator" in second.stderr
        first.kill()
        first.wait(timeout=60)
    with command(*arguments) as third:
        assert read_json_line(third)["user_email"] == "ada@example.com"


def test_the_error_names_a_missing_folder(tenant_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"

    done = run("--port", 0, "--tenant", tenant_file, "--state", folder / "mine.db")

    assert done.returncode == 1
    assert f"the folder {folder} does not exist" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anaplan_emulator", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_error_for_a_port_in_use(tenant_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        done = run("--port", port, "--tenant", tenant_file)

    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert str(port) in done.stderr


@pytest.mark.parametrize("option", ["--tenant", "--state"])
def test_the_error_for_an_invalid_file(tmp_path: Path, tenant_file: Path, option: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Neither a tenant nor a database. " * 50)
    arguments = [option, file] if option == "--tenant" else ["--tenant", tenant_file, option, file]

    done = run("--port", 0, *arguments)

    assert done.returncode == 1
    assert "notes.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["70000", "http", "8e3"])
def test_an_invalid_port_is_a_usage_error(port: str) -> None:
    done = run("--port", port)

    assert done.returncode == 2
    assert f"--port: '{port}' is not a port number from 0 to 65535" in done.stderr


def test_listening_on_other_addresses_prints_a_warning(tenant_file: Path) -> None:
    arguments = ("--host", "0.0.0.0", "--port", 0, "--tenant", tenant_file, "--json")
    with command(*arguments) as process:
        read_json_line(process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert errors.startswith("Warning: other machines can reach")


WITHOUT_STARLETTE = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "starlette":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


@pytest.mark.parametrize(
    "start",
    [
        "runpy.run_module('anaplan_emulator', run_name='__main__')",
        "sys.argv[1:] = ['emulator']; from anaplan_sdk.cli import main; main()",
    ],
    ids=["python -m anaplan_emulator", "anaplan emulator"],
)
def test_the_error_for_a_missing_extra(start: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_STARLETTE + start],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'anaplan-sdk[emulator]'" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    "start", ["-m anaplan_emulator", "-c 'from anaplan_sdk.cli import main; main()' emulator"]
)
def test_it_runs_without_standard_output(tenant_file: Path, free_port: int, start: str) -> None:
    line = f"exec '{sys.executable}' {start} --port {free_port} --tenant '{tenant_file}' >&-"
    with subprocess.Popen(["sh", "-c", line], stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until_it_listens(free_port)
            reply = httpx2.get(f"http://127.0.0.1:{free_port}/_emulator/health")
            assert reply.status_code == 200
        finally:
            process.terminate()
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "cryptography", "authlib", "jinja2"])
def test_python_code_is_told_of_a_missing_extra(missing: str) -> None:
    code = WITHOUT_STARLETTE.replace("starlette", missing) + "from anaplan_emulator import Emulator"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: The emulator needs the extra 'emulator': "
        f"pip install 'anaplan-sdk[emulator]' (No module named '{missing}')"
    )


def test_a_callback_url_is_added_to_the_tenant(tmp_path: Path) -> None:
    callback = "http://127.0.0.1:9000/signed-in"
    with command("--port", 0, "--json", "--redirect-uri", callback) as process:
        assert read_json_line(process)["redirect_uri"] == callback
    with command("--port", 0, "--json", "--redirect-uri", "http://example.com/") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "must be https" in errors


def test_another_port_is_suggested_if_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "--port 0 chooses a free one" in done.stderr
