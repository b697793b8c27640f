"""`anaplan users`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

    from anaplan_emulator import Emulator

USERS = """\
username,first_name,last_name,licenses
ada@skyline.example,Ada,Byron,Professional
charles@skyline.example,Charles,Babbage,Analytical
"""


@pytest.fixture
def administrator(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.is_dir()
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", "admin@skyline.example")
    monkeypatch.setenv("ANAPLAN_PASSWORD", "Adm1nister!")


def imports(emulator: Emulator) -> int:
    return sum(each.path.endswith("/users/import") for each in emulator.requests())


def test_users_fit_a_terminal_of_80_columns(anaplan: Command) -> None:
    lines = anaplan("users", "ls", on_terminal=True).out.splitlines()
    assert lines[0].split("  ")[0] == "EMAIL"
    assert len(lines) == 10
    assert max(map(len, lines)) <= 80


def test_users_are_searched(anaplan: Command) -> None:
    done = anaplan("users", "ls", "--search", "treas", "-o", "json")
    assert [user["email"] for user in done.json] == ["treasurer@skyline.example"]
    assert "last_login_date" in done.json[0]
    assert anaplan("users", "ls", "--search", "nobody at all", "-o", "csv").out.startswith("email,")


@pytest.mark.usefixtures("administrator")
def test_users_are_exported(anaplan: Command, home: Path) -> None:
    printed = anaplan("users", "export").out
    assert printed.startswith("username,first_name,last_name,licenses")
    assert (anaplan("users", "export", "u.csv").code, anaplan("users", "export", "u.csv").out) == (
        0,
        "",
    )
    assert (home / "u.csv").read_text().split() == printed.split()
    as_json = anaplan("users", "export", "-o", "json").json
    assert {user["username"] for user in as_json} >= {"treasurer@skyline.example"}
    assert anaplan("users", "export", "none/u.csv").code == 2


@pytest.mark.usefixtures("administrator")
def test_a_file_that_cannot_be_completed_stays_as_it_was(shell: Command, home: Path) -> None:
    (home / "u.csv").write_text("before\n")
    done = shell("ulimit -f 0; anaplan users export u.csv")
    assert done.code == 1
    assert (home / "u.csv").read_text() == "before\n"
    assert [path.name for path in home.iterdir()] == ["u.csv"]


def test_others_cannot_export_users(anaplan: Command) -> None:
    done = anaplan("users", "export")
    assert done.code == 4
    assert "Only tenant administrators" in done.err


@pytest.mark.usefixtures("administrator")
def test_users_are_imported(anaplan: Command, emulator: Emulator, home: Path) -> None:
    asks = anaplan("users", "import", "-", stdin=USERS)
    assert asks.code == 2
    assert "Create or change 2 users of the tenant?" in asks.err
    assert imports(emulator) == 0
    options = ("--yes", "--refused", "no.csv", "-o", "json")
    done = anaplan("users", "import", "-", *options, stdin=USERS)
    assert done.code == 6
    assert done.out == '{\n  "created": 1,\n  "updated": 0,\n  "refused": 1\n}\n'
    assert "line 3: License not found" in done.err
    assert "charles@skyline.example" in (home / "no.csv").read_text()
    corrected = (home / "no.csv").read_text().replace("Analytical", "Professional")
    assert anaplan("users", "import", "-", "-y", stdin=corrected).code == 0


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (USERS.replace(",licenses", ",licences"), "The input has no column 'licenses'."),
        (USERS.replace("Babbage", " "), "line 3: last_name is empty"),
        (USERS.replace("charles@", "ADA@"), "line 3: the same user as in line 2"),
    ],
)
def test_bad_users_are_refused_before_anything_is_sent(
    anaplan: Command, emulator: Emulator, text: str, said: str
) -> None:
    done = anaplan("users", "import", "-", "--yes", stdin=text)
    assert done.code == 2
    assert said in done.err
    assert imports(emulator) == 0
