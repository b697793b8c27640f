"""Options of a read that are missing, unknown or not valid."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.connection import Connection
from anaplan_spark.read_options import ReadOptions


def refused(*, is_stream: bool | None = None, **options: str) -> str:
    with pytest.raises(InvalidArgumentException) as caught:
        ReadOptions.from_options(options, is_stream=is_stream)
    return str(caught.value)


def test_what_to_read() -> None:
    assert "exactly one of the options export, view, list, audit" in refused(profile="load")
    assert "not export and view" in refused(export="116000000000", view="102000000000")
    assert refused(audit="yes") == "audit must be true, if it is given."
    assert refused(export=" ") == "export must be an id."


def test_unknown_options_are_named_without_their_values() -> None:
    message = refused(export="116000000000", pasword="Fl1ghts!")
    assert message.startswith("There is no option pasword for reading; there are audit, base_url,")
    assert "Fl1ghts!" not in message


def test_options_of_other_reads() -> None:
    assert refused(list="101000000000", locale="en_US").startswith("locale can't be given for")
    message = refused(is_stream=False, audit="true", starting_at="0")
    assert message.startswith(
        "starting_at can't be given for the reading of audit events as a batch"
    )
    message = refused(is_stream=True, audit="true", hours="3")
    assert message.startswith("hours can't be given for the reading of audit events as a stream")
    message = refused(is_stream=True, list="101000000000")
    assert message == "Only audit events can be read as a stream."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_rows", "0"),
        ("batch_rows", "many"),
        ("invalid", "ignore"),
        ("timeout", "-1"),
        ("timeout", "nan"),
        ("run", "1"),
        ("partitions", "2"),
    ],
)
def test_values(name: str, value: str) -> None:
    assert name in refused(export="116000000000", **{name: value})


@pytest.mark.parametrize("value", ["yesterday", "2026-03-01", "2026-03-01T00:00:00"])
def test_times_need_an_offset(value: str) -> None:
    assert "a time with its offset" in refused(audit="true", start=value)


def test_times() -> None:
    options = {"audit": "true", "start": "2026-03-01T00:00:00Z", "end": "1772330400000"}
    read = ReadOptions.from_options(options)
    assert (read.start, read.end) == (1772323200000, 1772330400000)


def test_windows() -> None:
    assert refused(audit="true", hours="2", start="0").startswith("hours can be combined")
    assert refused(audit="true", hours="2", push_filters="true").startswith("hours can be")


@pytest.mark.parametrize("name", ["password", "PassWord", "token", "private_key", "api_key"])
def test_secrets_are_refused(name: str) -> None:
    message = refused(export="116000000000", **{name: "Fl1ghts!"})
    assert message.startswith(f"{name.lower()} can't be an option")
    assert "Fl1ghts!" not in message
    assert "Fl1ghts!" not in refused(export="116000000000", secret="Fl1ghts!")


def test_either_a_profile_or_a_secret() -> None:
    message = refused(export="116000000000", profile="load", secret="env:LOAD_SECRET")
    assert message == "Give either a profile or a secret."


def test_references_to_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text(json.dumps({"user_email": "a@example.com", "password": "Fl1ghts!"}))
    monkeypatch.setenv("LOAD_SECRET", file.read_text())
    for reference in (f"file:{file}", "env:LOAD_SECRET"):
        connection = Connection.from_options({"Secret": reference, "Model_Id": "M1"})
        assert connection == Connection(secret=reference, model_id="M1")
        assert b"Fl1ghts!" not in pickle.dumps(connection)
        with connection.client() as client:
            assert "Fl1ghts!" not in repr(client)


@pytest.mark.parametrize("content", ["Fl1ghts!", '["Fl1ghts!"]', '{"password": "Fl1ghts!'])
def test_a_secret_that_is_no_object_of_options(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(InvalidArgumentException, match="is not a JSON object") as caught:
        Connection(secret=f"file:{file}").client()
    assert "Fl1ghts!" not in str(caught.value)


def test_a_secret_with_unknown_options(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(json.dumps({"user": "a@example.com", "password": "Fl1ghts!"}))
    with pytest.raises(InvalidArgumentException) as caught:
        Connection(secret=f"file:{file}").client()
    assert "Fl1ghts!" not in str(caught.value)


def test_secrets_that_are_not_there(tmp_path: Path) -> None:
    for reference in (f"file:{tmp_path}/none", "env:NO_SUCH_SECRET"):
        with pytest.raises(InvalidArgumentException, match="can't be read on this machine"):
            Connection(secret=reference).client()
