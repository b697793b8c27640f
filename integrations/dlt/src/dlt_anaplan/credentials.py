"""How to sign in to Anaplan, as dlt finds it in secrets.toml or the environment."""

# dlt reads the annotations of a configuration, so they must not be texts.
from typing import Any

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.typing import TSecretStrValue

from anaplan_sdk import Client

_SECRETS = ("password", "certificate", "private_key", "private_key_password", "token")


@configspec
class AnaplanCredentials(CredentialsConfiguration):
    """One way to sign in to Anaplan, and the region of the tenant.

    Give `user_email` and `password`, or `certificate` and `private_key`, or `token`. Without any of
    them the SDK's own places are searched: the `profile` of Anaplan's config file, the environment
    variables `ANAPLAN_...`, and stored refresh tokens of OAuth.

    Attributes:
        user_email: User for basic authentication, with `password`.
        password: Password for basic authentication.
        certificate: CA certificate: a path, or PEM content.
        private_key: Private key of the certificate: a path, or PEM content.
        private_key_password: Password of an encrypted private key.
        token: Token to use until Anaplan refuses it; it is never refreshed.
        region: Region of the tenant, such as "eu3"; None uses Anaplan's default hosts.
        base_url: One origin for all services, such as an emulator's; None uses Anaplan's.
        profile: Profile of Anaplan's config file.
    """

    user_email: str | None = None
    password: TSecretStrValue | None = None
    certificate: TSecretStrValue | None = None
    private_key: TSecretStrValue | None = None
    private_key_password: TSecretStrValue | None = None
    token: TSecretStrValue | None = None
    region: str | None = None
    base_url: str | None = None
    profile: str | None = None

    def client(self, model_id: str | None = None) -> Client:
        """Create a client of the SDK.

        Args:
            model_id: The model it works on; None uses that of the profile, if there is one.

        Returns:
            The client, which the caller closes.

        Raises:
            InvalidArgumentException: The credentials are incomplete or contradict each other.
            AnaplanException: No usable credentials were found.
        """
        options: dict[str, Any] = {
            name: value
            for name in ("user_email", *_SECRETS, "region", "base_url")
            if (value := getattr(self, name)) is not None
        }
        if model_id is not None:
            options["model_id"] = str(model_id)
        if self.profile is None and any(name in options for name in ("user_email", *_SECRETS)):
            return Client(**options)
        return Client.from_env(self.profile, **options)

    def __str__(self) -> str:
        """Return what may be shown, without secrets.

        Returns:
            The fields that are set; "***" for each secret.
        """
        shown = {
            name: getattr(self, name)
            for name in ("user_email", "region", "base_url", "profile")
            if getattr(self, name) is not None
        }
        shown |= {name: "***" for name in _SECRETS if getattr(self, name) is not None}
        return f"AnaplanCredentials({', '.join(f'{key}={value}' for key, value in shown.items())})"

    __repr__ = __str__
