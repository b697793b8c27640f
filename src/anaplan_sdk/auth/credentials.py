"""From the arguments of a client to its way to sign in."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from anaplan_sdk.auth.api_key import ApiKeyAuth
from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.certificate import (
    CertificateCredentials,
    CertificateInput,
    PayloadFormat,
    Signer,
)
from anaplan_sdk.auth.consolidation import ConsolidationAccess, ConsolidationOnly
from anaplan_sdk.auth.httpx_adapter import AuthLike, adapt
from anaplan_sdk.auth.token_service import AnaplanTokenCache, Credentials
from anaplan_sdk.regions import Hosts

_WAYS = (
    "user_email and password, certificate and private_key, token, api_key, or auth (one of the "
    "classes for OAuth, or your own httpx2.Auth)"
)


def resolve_auth(
    hosts: Hosts,
    *,
    user_email: str | None,
    password: str | None,
    certificate: CertificateInput | None,
    private_key: CertificateInput | Signer | None,
    private_key_password: str | bytes | None,
    token: str | None,
    api_key: str | None,
    auth: httpx2.Auth | AuthLike | None,
    certificate_payload: PayloadFormat,
    consolidation: ConsolidationAccess | None = None,
) -> httpx2.Auth:
    """Return the auth for a client's requests to Anaplan.

    With access to Financial Consolidation a client needs no credentials for Anaplan.

    Raises:
        ValueError: No credentials were given, an argument is missing, or two ways to sign in
            contradict each other; or `auth` is used for another region.
        TypeError: `auth` is not an `httpx2.Auth`.
        InvalidCredentialsException: The certificate or its key can't be used.
    """
    basic = {"user_email": user_email, "password": password}
    by_certificate = {
        "certificate": certificate,
        "private_key": private_key,
        "private_key_password": private_key_password,
    }
    if api_key is not None:
        _refuse_beside("api_key", {**basic, **by_certificate, "token": token, "auth": auth})
        return ApiKeyAuth(api_key)
    if auth is not None:
        _refuse_beside("auth", {**basic, **by_certificate, "token": token})
        return _bound(auth, hosts)

    credentials: Credentials | None = None
    if _given(basic):
        _refuse_beside(" and ".join(_given(basic)), by_certificate)
        if missing := [name for name, value in basic.items() if not value]:
            raise ValueError(
                f"{missing[0]} is missing: basic sign-in needs user_email and password."
            )
        credentials = BasicCredentials(str(user_email), str(password))
    elif _given(by_certificate):
        if not certificate:
            raise ValueError("certificate is missing: a private key alone is no credential.")
        credentials = CertificateCredentials.load(
            certificate, private_key, private_key_password, certificate_payload
        )
    elif token is None:
        if consolidation is not None:
            return ConsolidationOnly()
        raise ValueError(f"No credentials were given. Give one of: {_WAYS}.")
    return Bearer(AnaplanTokenCache(hosts.authentication, credentials, token))


def _bound(auth: object, hosts: Hosts) -> httpx2.Auth:
    own = adapt(auth)
    if own is None:
        raise TypeError(f"auth must be an httpx2.Auth or an httpx.Auth, not {type(auth).__name__}.")
    if isinstance(own, Bearer):
        own.bind(hosts)
    return own


def _given(values: Mapping[str, object]) -> list[str]:
    return [name for name, value in values.items() if value is not None]


def _refuse_beside(chosen: str, others: Mapping[str, object]) -> None:
    if surplus := _given(others):
        raise ValueError(
            f"{chosen} and {' and '.join(surplus)} are different ways to sign in: give one of them."
        )
