import base64
import json
import os
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from anaplan_emulator import Emulator, KeyPair
from anaplan_emulator.certificates import Authority

ADA = "ada@example.com"


def as_pem_text(certificate: str) -> str:
    return base64.b64encode(certificate.encode()).decode()


def as_pem_body(certificate: str) -> str:
    return "".join(line for line in certificate.splitlines() if "-----" not in line)


def sign(private_key: str, data: bytes) -> bytes:
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA512())


def payload(private_key: str, data: bytes | None = None) -> dict[str, str]:
    data = os.urandom(150) if data is None else data
    return {
        "encodedData": base64.b64encode(data).decode(),
        "encodedSignedData": base64.b64encode(sign(private_key, data)).decode(),
    }


def payload_v2(private_key: str, timestamp: float) -> dict[str, str]:
    data = int(timestamp).to_bytes(8, "big") + os.urandom(142)
    return {"encodedDataFormat": "v2", **payload(private_key, data)}


def authenticate(http: httpx2.Client, certificate: str, body: Mapping[str, str]) -> httpx2.Response:
    headers = {"Authorization": f"CACertificate {as_pem_text(certificate)}"}
    return http.post("/token/authenticate", headers=headers, json=body)


def assert_refused(reply: httpx2.Response) -> None:
    assert reply.status_code == 401
    assert reply.json()["status"] == "FAILURE_BAD_CREDENTIAL"
    assert reply.json()["statusMessage"]


@pytest.fixture
def pair(emulator: Emulator) -> KeyPair:
    return emulator.issue_certificate(ADA)


@pytest.mark.parametrize("encode", [as_pem_text, as_pem_body])
def test_both_forms_of_the_header_are_accepted(
    http: httpx2.Client, pair: KeyPair, encode: Callable[[str], str]
) -> None:
    reply = http.post(
        "/token/authenticate",
        headers={"Authorization": f"CACertificate {encode(pair.certificate)}"},
        json=payload(pair.private_key),
    )

    assert reply.status_code == 201
    token = reply.json()["tokenInfo"]["tokenValue"]
    headers = {"Authorization": f"AnaplanAuthToken {token}"}
    assert http.get("/token/validate", headers=headers).json()["userInfo"]["userId"] == ADA


def test_the_certificate_files_are_valid_and_private(
    emulator: Emulator, http: httpx2.Client
) -> None:
    certificate, private_key = emulator.certificate, emulator.private_key

    reply = authenticate(http, certificate.read_text(), payload(private_key.read_text()))

    assert reply.status_code == 201
    assert private_key.stat().st_mode & 0o077 == 0


def test_a_v1_payload_can_be_reused(http: httpx2.Client, pair: KeyPair) -> None:
    body = payload(pair.private_key)

    replies = [authenticate(http, pair.certificate, body).status_code for _ in range(2)]

    assert replies == [201, 201]


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_v2_payload_can_be_used_once(
    emulator: Emulator, http: httpx2.Client, pair: KeyPair, unit: int
) -> None:
    body = payload_v2(pair.private_key, emulator.now().timestamp() * unit)

    assert authenticate(http, pair.certificate, body).status_code == 201
    assert_refused(authenticate(http, pair.certificate, body))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_v2_payload_must_be_recent(
    emulator: Emulator, http: httpx2.Client, pair: KeyPair, minutes: int
) -> None:
    moment = emulator.now() + timedelta(minutes=minutes)
    body = payload_v2(pair.private_key, moment.timestamp())

    assert_refused(authenticate(http, pair.certificate, body))

    emulator.settings.certificate_tolerance_seconds = 600
    assert authenticate(http, pair.certificate, body).status_code == 201


@pytest.mark.parametrize("days", [-1, 1])
def test_a_v2_payload_with_real_time_is_accepted_when_the_clock_is_changed(
    emulator: Emulator, http: httpx2.Client, days: int
) -> None:
    emulator.set_clock(emulator.now() + timedelta(days=days))
    pair = emulator.issue_certificate(ADA, not_before=emulator.now() - timedelta(days=2))
    by_real_time, by_the_emulator, by_neither = (
        payload_v2(pair.private_key, moment.timestamp())
        for moment in (
            datetime.now(UTC),
            emulator.now(),
            datetime.now(UTC) + timedelta(days=days) / 2,
        )
    )

    assert authenticate(http, pair.certificate, by_real_time).status_code == 201
    assert authenticate(http, pair.certificate, by_the_emulator).status_code == 201
    assert_refused(authenticate(http, pair.certificate, by_neither))
    assert_refused(authenticate(http, pair.certificate, by_real_time))
    assert_refused(authenticate(http, pair.certificate, by_the_emulator))


def test_an_unknown_payload_format_is_rejected(http: httpx2.Client, pair: KeyPair) -> None:
    body = {"encodedDataFormat": "v3", **payload(pair.private_key)}

    assert_refused(authenticate(http, pair.certificate, body))


def test_certificates_of_other_authorities_are_rejected(http: httpx2.Client) -> None:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    # It has the same names, but another key.
    foreign = Authority.create().issue_to_user(ADA, now - day, now + day)

    assert_refused(authenticate(http, foreign.certificate, payload(foreign.private_key)))


def test_a_self_signed_certificate_is_rejected(emulator: Emulator, http: httpx2.Client) -> None:
    emulator.issue_certificate(ADA)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ADA)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(ADA)]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()

    assert_refused(authenticate(http, certificate, payload(private_key)))


def test_validity_is_checked_by_the_emulator_clock(emulator: Emulator, http: httpx2.Client) -> None:
    start = emulator.now() + timedelta(hours=1)
    pair = emulator.issue_certificate(ADA, not_before=start, not_after=start + timedelta(hours=1))
    body = payload(pair.private_key)

    assert_refused(authenticate(http, pair.certificate, body))
    emulator.advance(hours=1, minutes=1)
    assert authenticate(http, pair.certificate, body).status_code == 201
    emulator.advance(hours=1)
    assert_refused(authenticate(http, pair.certificate, body))


def test_a_signature_of_other_data_is_rejected(http: httpx2.Client, pair: KeyPair) -> None:
    body = payload(pair.private_key)
    body["encodedData"] = base64.b64encode(os.urandom(150)).decode()

    assert_refused(authenticate(http, pair.certificate, body))


def test_a_signature_of_the_base64_text_is_rejected(http: httpx2.Client, pair: KeyPair) -> None:
    body = payload(pair.private_key)
    signature = sign(pair.private_key, body["encodedData"].encode())
    body["encodedSignedData"] = base64.b64encode(signature).decode()

    assert_refused(authenticate(http, pair.certificate, body))


def test_a_signature_with_another_digest_is_rejected(http: httpx2.Client, pair: KeyPair) -> None:
    data = os.urandom(150)
    key = serialization.load_pem_private_key(pair.private_key.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    body = {
        "encodedData": base64.b64encode(data).decode(),
        "encodedSignedData": base64.b64encode(
            key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        ).decode(),
    }

    assert_refused(authenticate(http, pair.certificate, body))


def test_a_signature_with_another_key_is_rejected(
    emulator: Emulator, http: httpx2.Client, pair: KeyPair
) -> None:
    other = emulator.issue_certificate("exception@example.com")

    assert_refused(authenticate(http, pair.certificate, payload(other.private_key)))


def test_too_little_random_data_is_rejected(http: httpx2.Client, pair: KeyPair) -> None:
    assert_refused(authenticate(http, pair.certificate, payload(pair.private_key, os.urandom(99))))
    enough = payload(pair.private_key, os.urandom(100))
    assert authenticate(http, pair.certificate, enough).status_code == 201


def test_certificates_of_inactive_users_are_rejected(
    emulator: Emulator, http: httpx2.Client
) -> None:
    pair = emulator.issue_certificate("gone@example.com")

    assert_refused(authenticate(http, pair.certificate, payload(pair.private_key)))


def test_single_sign_on_users_can_use_certificates(emulator: Emulator, http: httpx2.Client) -> None:
    pair = emulator.issue_certificate("sso@example.com")

    assert authenticate(http, pair.certificate, payload(pair.private_key)).status_code == 201


@pytest.mark.parametrize("header", ["CACertificate", "CACertificate %%%", "CACertificate aGVsbG8="])
def test_a_header_without_a_certificate_is_rejected(
    http: httpx2.Client, pair: KeyPair, header: str
) -> None:
    reply = http.post(
        "/token/authenticate",
        headers={"Authorization": header},
        json=payload(pair.private_key),
    )

    assert_refused(reply)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        json.dumps({"encodedData": "%", "encodedSignedData": "%"}).encode(),
        json.dumps({"certificateChain": "x", "signature": "y"}).encode(),
    ],
)
def test_a_malformed_body_is_rejected(http: httpx2.Client, pair: KeyPair, content: bytes) -> None:
    headers = {
        "Authorization": f"CACertificate {as_pem_text(pair.certificate)}",
        "Content-Type": "application/json",
    }

    assert_refused(http.post("/token/authenticate", headers=headers, content=content))


def test_certificates_remain_valid_after_a_reset(emulator: Emulator, http: httpx2.Client) -> None:
    pair = emulator.issue_certificate(ADA)

    emulator.reset()

    assert authenticate(http, pair.certificate, payload(pair.private_key)).status_code == 201


def test_the_authority_is_accepted_by_strict_tls_clients(emulator: Emulator) -> None:
    context = ssl.create_default_context(cafile=emulator.ca_certificate)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT

    with (
        Emulator(emulator.tenant.description, tls=True) as secure,
        httpx2.Client(verify=ssl.create_default_context(cafile=secure.ca_certificate)) as client,
    ):
        assert secure.base_url.startswith("https://127.0.0.1:")
        assert client.get(f"{secure.base_url}/token/validate").status_code == 400
        assert len(context.get_ca_certs()) == 1
        with (
            httpx2.Client(verify=context) as other_client,
            pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            other_client.get(secure.base_url)
