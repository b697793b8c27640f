"""Secrets are in no representation, log, trace or file of a pipeline."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from emulated import AIRLINES_IMPORT, airlines

from anaplan_sdk import Client
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.testing import EmulatedAnaplan
from dlt_anaplan import AnaplanCredentials, AnaplanDestination, anaplan_list

WRONG = "wr0ng-pa55word"


def test_credentials_show_no_secret() -> None:
    secret = AnaplanCredentials(
        user_email="ann@skyline.example",
        password="pa55word",  # type: ignore[arg-type]
        private_key_password="k3y",  # type: ignore[arg-type]
        token="t0ken",  # type: ignore[arg-type]
    )
    shown = f"{secret} {secret!r} {AnaplanDestination(credentials=secret)!r}"
    shown += repr(AnaplanDestination(credentials={"password": "pa55word", "token": "t0ken"}))
    assert "ann@skyline.example" in shown
    for each in ("pa55word", "k3y", "t0ken"):
        assert each not in shown


def test_a_certificate_signs_in(anaplan: EmulatedAnaplan) -> None:
    emulator = anaplan.emulator
    credentials = AnaplanCredentials(
        certificate=emulator.certificate,  # type: ignore[arg-type]
        private_key=emulator.private_key,  # type: ignore[arg-type]
        base_url=emulator.base_url,
    )
    with credentials.client(emulator.model_id) as client:
        assert client.get_imports()


def test_the_environment_of_the_sdk_is_used_without_credentials(
    anaplan: EmulatedAnaplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = anaplan.emulator
    monkeypatch.setenv("ANAPLAN_USER_EMAIL", emulator.user_email)
    monkeypatch.setenv("ANAPLAN_PASSWORD", emulator.password)
    monkeypatch.setenv("ANAPLAN_BASE_URL", emulator.base_url)
    with AnaplanCredentials().client(emulator.model_id) as client:
        assert isinstance(client, Client)
        assert client.get_imports()


def test_incomplete_credentials_are_refused() -> None:
    with pytest.raises(InvalidArgumentException, match="password is missing"):
        AnaplanCredentials(user_email="ann@skyline.example").client()


@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_pipelines_keep_no_secret(
    anaplan: EmulatedAnaplan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_right: bool,
    by: str,
) -> None:
    emulator = anaplan.emulator
    password = emulator.password if is_right else WRONG
    options = {"user_email": emulator.user_email, "password": password}
    options["base_url"] = emulator.base_url
    arguments = {"credentials": AnaplanCredentials(**options)} if by == "argument" else {}  # type: ignore[arg-type]
    if by == "environment":
        for name, value in options.items():
            for section in ("SOURCES", "DESTINATION"):
                monkeypatch.setenv(f"{section}__ANAPLAN__CREDENTIALS__{name.upper()}", value)
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("dlt")
    logger.addHandler(caplog.handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    shown = []
    try:
        for name, destination, data in (
            (
                "write",
                AnaplanDestination(
                    {"airlines": AIRLINES_IMPORT}, model_id=emulator.model_id, **arguments
                ),
                dlt.resource(airlines(2), name="airlines"),
            ),
            (
                "read",
                dlt.destinations.duckdb(str(tmp_path / "read.duckdb")),
                anaplan_list("Regions", model_id=emulator.model_id, **arguments),
            ),
        ):
            pipeline = dlt.pipeline(
                name, pipelines_dir=str(tmp_path / "pipelines"), destination=destination
            )
            try:
                shown.append(str(pipeline.run(data)))
                assert is_right
            except PipelineStepFailed:
                assert not is_right
                shown.append(traceback.format_exc())
            trace = pipeline.last_trace
            shown += [repr(pipeline), str(trace), repr(trace), trace.asstr(verbosity=2)]
            shown += [repr(data), str(data)]
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(level)
    assert "pipeline" in "".join(shown)
    assert password not in "".join(shown)
    assert password not in caplog.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "trace.pickle" for path in files)
    assert [path for path in files if password.encode() in path.read_bytes()] == []
