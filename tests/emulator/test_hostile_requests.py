"""Requests that nobody sends on purpose: secrets in odd places, and forms of the console."""

from __future__ import annotations

import httpx2
import pytest

from anaplan_emulator import Emulator

CONSOLE = "/_emulator/console"
PLACES = ("secretAccessKey", "sasToken", "serviceAccountKey", "api_key", "apiKey", "client-secret")


@pytest.mark.parametrize("name", PLACES)
def test_secrets_of_requests_are_masked(emulator: Emulator, name: str) -> None:
    with httpx2.Client(base_url=emulator.base_url) as http:
        http.get("/2/0/models", params={name: "canary"}, headers={"X-Api-Key": "canary"})
        body = {"type": "AmazonS3", "body": {name: "canary", "bucketName": "seen"}}
        http.post("/2/0/integrations/connections", json=body)
        number = emulator.requests()[-1].number
        pages = [http.get(f"{CONSOLE}/requests/{each}").text for each in (number - 1, number)]
        pages.append(http.get(f"{CONSOLE}/requests").text)
    assert not any("canary" in each for each in (*map(str, emulator.requests()), *pages))
    assert "***" in pages[0]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=1&" * 20_000),
        ("multipart/form-data; boundary=x", b"\r\n--x" * 20_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n\r\n--x--"),
    ],
    ids=["fields", "parts", "headers of a part"],
)
def test_forms_have_few_fields(emulator: Emulator, content_type: str, body: bytes) -> None:
    with httpx2.Client(base_url=emulator.base_url) as http:
        headers = {"Content-Type": content_type}
        reply = http.post(f"{CONSOLE}/clock", content=body, headers=headers)
    assert (reply.status_code, reply.text) == (413, "The form has too many fields.")
