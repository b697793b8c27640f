"""The authentication of a client, made from its configuration."""

from __future__ import annotations

import httpx2

from anaplan_sdk.auth.api_key import ApiKeyAuth
from anaplan_sdk.auth.basic import BasicCredentials
from anaplan_sdk.auth.bearer import Bearer
from anaplan_sdk.auth.certificate import CertificateCredentials
from anaplan_sdk.auth.consolidation import ConsolidationOnly
from anaplan_sdk.auth.httpx_adapter import adapt
from anaplan_sdk.auth.token_service import AnaplanTokenCache, Credentials
from anaplan_sdk.config import ClientConfig
from anaplan_sdk.exceptions import ArgumentTypeException


def resolve_auth(config: ClientConfig) -> httpx2.Auth:
    """Make the authentication for requests to Anaplan; certificates and keys are read here.

    Args:
        config: Options of the client. That they name one way to sign in has been checked.

    Returns:
        The authentication. It refuses all requests if the client has access to Financial
        Consolidation only.

    Raises:
        InvalidArgumentException: The API key or the token is not valid, or `auth` is used for
            another region.
        ArgumentTypeException: `auth` is neither an `httpx2.Auth` nor an `httpx.Auth`.
        InvalidCredentialsException: The certificate can't be used.
        InvalidPrivateKeyException: The private key can't be used.
    """
    if config.api_key is not None:
        return ApiKeyAuth(config.api_key)
    if config.auth is not None:
        auth = adapt(config.auth)
        if auth is None:
            raise ArgumentTypeException(
                f"auth must be an httpx2.Auth or an httpx.Auth, not {type(config.auth).__name__}."
            )
        if isinstance(auth, Bearer):
            auth.bind(config.service_hosts)
        return auth
    credentials: Credentials | None = None
    if config.user_email and config.password:
        credentials = BasicCredentials(config.user_email, config.password)
    elif config.certificate:
        credentials = CertificateCredentials.load(
            config.certificate,
            config.private_key,
            config.private_key_password,
            config.certificate_payload,
        )
    elif config.token is None:
        return ConsolidationOnly()
    return Bearer(AnaplanTokenCache(config.service_hosts.authentication, credentials, config.token))
