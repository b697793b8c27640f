"""State files that are damaged or shared, and the folder for certificates."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.emulator.test_command_line import command, read_json_line

from anaplan_emulator import Emulator, StateError, TenantDescription
from anaplan_emulator.tenant_state import TenantState


@pytest.fixture
def state_file(tmp_path: Path, tenant: TenantDescription) -> Path:
    """A state file with a tenant, of an emulator that has ended."""
    path = tmp_path / "state.sqlite"
    TenantState(state=path, tenant=tenant).close()
    return path


def change(statement: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute(statement)

    return damage


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def overwrite_header(path: Path) -> None:
    path.write_bytes(b"\x00" * 100 + path.read_bytes()[100:])


DAMAGES = {
    "cut": cut,
    "overwritten": overwrite,
    "no header": overwrite_header,
    "no tenant": change("DELETE FROM emulator WHERE key = 'tenant'"),
    "tenant cut": change("UPDATE emulator SET value = substr(value, 1, 9) WHERE key = 'tenant'"),
    "settings": change("UPDATE emulator SET value = '{\"x\": 1}' WHERE key = 'settings'"),
    "clock": change("UPDATE emulator SET value = '1e300' WHERE key = 'clock_offset_seconds'"),
    "clock type": change("UPDATE emulator SET value = '[]' WHERE key = 'clock_offset_seconds'"),
    "authority": change("INSERT INTO authority (certificate, private_key) VALUES ('x', 'y')"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_state_files_are_errors(
    state_file: Path, tenant: TenantDescription, damage: Callable[[Path], None]
) -> None:
    damage(state_file)
    damaged = state_file.read_bytes()

    with pytest.raises(StateError, match=r"state\.sqlite"):
        Emulator(tenant, state=state_file)

    assert state_file.read_bytes() == damaged


def test_the_command_reports_a_damaged_state_file_in_one_line(state_file: Path) -> None:
    cut(state_file)
    with command("--state", state_file, "--port", 0) as process:
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert len(errors.splitlines()) == 1
    assert "The emulator cannot start: " in errors
    assert str(state_file) in errors


def test_a_state_file_with_two_names_is_refused(tmp_path: Path, tenant: TenantDescription) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    with Emulator(tenant, state=first):
        second.hardlink_to(first)
        with pytest.raises(StateError, match="another name"):
            Emulator(tenant, state=second)
    second.unlink()
    with Emulator(tenant, state=first) as emulator:
        assert emulator.tenant.resumed


def test_two_objects_with_the_same_id_are_an_error(tenant: TenantDescription) -> None:
    workspaces = [{"name": name, "id": "8a81b0118a81b0118a81b0118a81b011"} for name in "AB"]
    described = {**tenant.model_dump(), "workspaces": workspaces}
    with pytest.raises(ValueError, match="id of its own"):
        TenantDescription.model_validate(described)


def test_certificates_are_written_to_a_folder_that_stays(
    tmp_path: Path, tenant: TenantDescription
) -> None:
    folder = tmp_path / "new" / "certificates"
    for _ in range(2):
        with Emulator(tenant, certificates=folder, tls=True) as emulator:
            files = (emulator.certificate, emulator.private_key, emulator.ca_certificate)
            assert {file.parent for file in files} == {folder}
            assert all(file.stat().st_mode & 0o077 == 0 for file in files)
            assert "PRIVATE KEY" in emulator.private_key.read_text()
        assert list(folder.iterdir()) == []


def test_the_folder_of_the_command_is_the_same_at_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    for variable in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    seen = set()
    for _ in range(2):
        with command("--port", free_port, "--tls", "--json") as process:
            info = read_json_line(process)
            assert Path(info["ca_certificate"]).read_text().startswith("-----BEGIN")
            # An emulator that cannot listen leaves the files of the other one alone.
            with command("--port", free_port, "--tls", "--json") as refused:
                assert refused.wait(timeout=60) == 1
            assert Path(info["ca_certificate"]).exists()
        seen.add((info["ca_certificate"], info["certificate"]))
    assert len(seen) == 1
    assert tmp_path in Path(info["ca_certificate"]).parents


def test_an_unusable_folder_for_certificates_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with command("--port", 0, "--certificates", file / "folder") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("The emulator cannot start: ")
    assert len(errors.splitlines()) == 1
