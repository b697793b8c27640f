"""How the data source reaches Anaplan: from the driver and from each executor, without secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anaplan_sdk.exceptions import InvalidArgumentException

if TYPE_CHECKING:
    from anaplan_sdk import Client

# Spark shows options in plans, and writes them to its event log.
_SECRETS = frozenset(
    ("password", "private_key", "private_key_password", "token", "api_key", "client_secret")
)

CONNECTION_OPTIONS = ("base_url", "model_id", "profile", "secret", "workspace_id")


@dataclass(frozen=True)
class Connection:
    """What a process needs to create a client. It contains no secret, so that Spark may show it.

    Attributes:
        profile: The profile of Anaplan's config file on each machine; None uses the environment.
        secret: Where each machine finds the options of a client, as JSON: "env:NAME" for an
            environment variable, "file:/path" for a file; None uses the profile.
        base_url: One origin for all services, such as an emulator's; None uses Anaplan's.
        workspace_id: Id of the workspace; None uses that of the profile.
        model_id: Id of the model; None uses that of the profile.
    """

    profile: str | None = None
    secret: str | None = None
    base_url: str | None = None
    workspace_id: str | None = None
    model_id: str | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Connection:
        """Take the options that say how to reach Anaplan from those of a read or write.

        Args:
            options: Spark's options; their names ignore case.

        Returns:
            The connection.

        Raises:
            InvalidArgumentException: There is a secret among the options, `secret` has another form
                than "env:NAME" or "file:/path", or `profile` was given with it.
        """
        given = {name.lower(): value for name, value in options.items()}
        if secrets := sorted(_SECRETS & given.keys()):
            raise InvalidArgumentException(
                f"{', '.join(secrets)} can't be an option, since Spark shows options in plans and "
                "logs: name a profile, or pass secret='env:NAME' or secret='file:/path'."
            )
        secret = given.get("secret")
        if secret is not None and not secret.startswith(("env:", "file:")):
            # The value may be the secret itself, so it is not quoted.
            raise InvalidArgumentException(
                "secret must be 'env:NAME' or 'file:/path', which names where the secret is."
            )
        if secret is not None and "profile" in given:
            raise InvalidArgumentException("Give either a profile or a secret.")
        return cls(
            profile=given.get("profile"),
            secret=secret,
            base_url=given.get("base_url"),
            workspace_id=given.get("workspace_id"),
            model_id=given.get("model_id"),
        )

    def client(self) -> Client:
        """Create a client in this process.

        Returns:
            The client, which the caller closes.

        Raises:
            InvalidArgumentException: The secret can't be found, or is not a JSON object.
            AnaplanException: No usable credentials were found.
        """
        from anaplan_sdk import Client  # Takes long to import; planning needs none.

        names = ("base_url", "workspace_id", "model_id")
        given: Any = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.secret is None:
            return Client.from_env(self.profile, **given)
        return Client(**{**_read(self.secret), **given})


def _read(reference: str) -> dict[str, Any]:
    kind, _, name = reference.partition(":")
    try:
        text = os.environ[name] if kind == "env" else Path(name).read_text("utf-8")
    except (KeyError, OSError) as error:
        raise InvalidArgumentException(
            f"The secret {reference} can't be read on this machine: {type(error).__name__}."
        ) from None
    try:
        options: object = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise InvalidArgumentException(
            f"The secret {reference} is not a JSON object of a client's options."
        )
    return options
