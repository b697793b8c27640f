"""Nothing secret is exported, and nothing of the tenant's is in a metric or a span's name."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from tests.telemetry.conftest import Recorded, attributes

from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

FILE, IMPORT = 113000000000, 112000000001
CELL = "Confidential Airways"


def test_no_secret_is_exported(anaplan: EmulatedAnaplan, recorded: Recorded) -> None:
    emulator = anaplan.emulator
    # A gateway's error page may repeat what it was sent.
    echo = {"status": 400, "body": f"You sent {emulator.password}"}
    anaplan.fault(method="POST", path="*/token/authenticate", **echo)
    with suppress(AnaplanException):
        anaplan.client().get_files()
    wrong = anaplan.client(user_email=emulator.user_email, password="Wr0ngSecret!")
    with suppress(AnaplanException):
        wrong.get_files()
    signed = anaplan.client(
        certificate=str(emulator.certificate),
        private_key=str(emulator.private_key),
    )
    content = f"carrier,name\nAA,{CELL}\n"
    signed.upload_and_import(FILE, content, IMPORT)
    signed.get_file(FILE)
    signed.logout()
    text = recorded.all_text()
    tokens = [
        value
        for request in anaplan.requests()
        if (value := request.headers.get("authorization", ""))
    ]
    assert tokens  # So that there was something to keep secret.
    key = emulator.private_key.read_text()
    for secret in (emulator.password, "Wr0ngSecret!", CELL, key.splitlines()[1]):
        assert secret not in text
    assert re.search("AnaplanAuthToken|CACertificate|Basic |Authorization|eyJ", text) is None


def test_names_and_metrics_have_nothing_of_the_tenant(
    anaplan: EmulatedAnaplan, recorded: Recorded
) -> None:
    client = anaplan.client()
    task = client.upload_and_import(FILE, "carrier,name\nAA,American\n", IMPORT)
    with suppress(AnaplanException):
        client.get_import("112999999999")
    ids = (str(FILE), str(IMPORT), task.id, anaplan.emulator.model_id, "112999999999")
    labels = recorded.metric_text() + "\n".join(span.name for span in recorded.spans)
    assert [each for each in ids if each is None or each in labels] == []


def test_messages_of_other_exceptions_are_not_recorded(
    anaplan: EmulatedAnaplan, recorded: Recorded
) -> None:
    def fail(_: object) -> None:
        raise ValueError(f"cannot use {CELL}")

    with pytest.raises(ValueError, match=CELL):
        anaplan.client().upload_file(FILE, f"carrier,name\nAA,{CELL}\n", on_progress=fail)
    (event,) = (each for each in recorded.one("anaplan.upload").events if each.name == "exception")
    assert event.attributes == {"exception.type": "ValueError"}
    assert CELL not in recorded.all_text()


def test_urls_have_neither_users_nor_queries(anaplan: EmulatedAnaplan, recorded: Recorded) -> None:
    anaplan.client().get_models(search_pattern=CELL)
    requests = [attributes(span)["url.full"] for span in recorded.spans]
    assert len(requests) == 2
    assert [url for url in requests if "?" in url or "@" in url or "Confidential" in url] == []
