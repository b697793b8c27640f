"""What Airflow reads of this provider: its connection form, modules and assets."""

from __future__ import annotations

from airflow_provider_anaplan import __version__

_NAME = "Anaplan"


def _field(
    label: str, description: str, *, secret: bool = False, lines: bool = False
) -> dict[str, object]:
    schema: dict[str, object] = {"type": ["string", "null"]}
    if secret:
        schema["format"] = "password"
    elif lines:
        schema["format"] = "multiline"
    return {"label": label, "schema": schema, "description": description}


CONNECTION_FIELDS = {
    "workspace_id": _field("Workspace id", "Workspace of operators that name none."),
    "model_id": _field("Model id", "Model of operators that name none."),
    "region": _field("Region", "Region of the tenant, such as eu3; empty for the shared regions."),
    "certificate": _field("Certificate", "CA certificate: PEM text or the path of a file."),
    "private_key": _field(
        "Private key", "Key of the certificate: PEM text or the path of a file.", secret=True
    ),
    "private_key_password": _field(
        "Password of the private key", "For an encrypted key.", secret=True
    ),
    "token": _field(
        "Token",
        "Used until Anaplan refuses it, and never renewed.",
        secret=True,
    ),
    "client_id": _field("OAuth client id", "Client that the refresh token was issued to."),
    "client_secret": _field("OAuth client secret", "Secret of that client.", secret=True),
    "redirect_uri": _field("OAuth redirect URI", "Redirect URI of that client."),
    "refresh_token": _field(
        "OAuth refresh token", "Exchanged for tokens without a person.", secret=True
    ),
    "token_file": _field(
        "OAuth token file",
        "File that keeps rotating refresh tokens, on storage that all workers share.",
    ),
    "profile": _field(
        "Profile", "Profile of the workers' configuration file, instead of credentials here."
    ),
}
"""The fields of a connection's `extra`, by name."""


def get_provider_info() -> dict[str, object]:
    """Describe this provider, as Airflow's `provider_info.schema.json` requires.

    Returns:
        The description.
    """
    package = "airflow_provider_anaplan"

    def modules(*names: str) -> list[dict[str, object]]:
        return [
            {
                "integration-name": _NAME,
                "python-modules": [f"{package}.{name}" for name in names],
            }
        ]

    return {
        "package-name": "airflow-provider-anaplan",
        "name": _NAME,
        "description": "Runs imports, exports and processes of Anaplan, each exactly once.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": _NAME,
                "external-doc-url": "https://help.anaplan.com/",
                "tags": ["service"],
            }
        ],
        "hooks": modules("hooks.anaplan"),
        "operators": modules("operators.actions", "operators.alm", "operators.cloud_works"),
        "sensors": modules("sensors.anaplan"),
        "triggers": modules("triggers.anaplan"),
        "asset-uris": [
            {
                "schemes": ["anaplan"],
                "handler": f"{package}.assets.anaplan.sanitize_uri",
                "factory": f"{package}.assets.anaplan.create_asset",
            }
        ],
        "connection-types": [
            {
                "hook-class-name": f"{package}.hooks.anaplan.AnaplanHook",
                "hook-name": _NAME,
                "connection-type": "anaplan",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {
                        "login": "User (email)",
                        "host": "Base URL (only for the emulator or a proxy)",
                    },
                    "placeholders": {"login": "integration@company.com"},
                },
                "conn-fields": CONNECTION_FIELDS,
            }
        ],
    }
