"""Connections, the connection form, and assets."""

from __future__ import annotations

import json

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import Asset
from airflow_home import connection_of

from airflow_provider_anaplan.assets.anaplan import create_asset
from airflow_provider_anaplan.errors import AirflowFailException
from airflow_provider_anaplan.get_provider_info import CONNECTION_FIELDS, get_provider_info
from airflow_provider_anaplan.hooks.anaplan import AnaplanHook


def define(monkeypatch, **fields):
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "anaplan", **fields}))
    return AnaplanHook("other")


def test_airflow_finds_the_form():
    manager = ProvidersManager()
    hook = manager.hooks["anaplan"]
    assert hook is not None
    assert hook.hook_class_name == "airflow_provider_anaplan.hooks.anaplan.AnaplanHook"
    widgets = manager.connection_form_widgets
    found = {name: w for name, w in widgets.items() if name.startswith("extra__anaplan__")}
    assert {w.field_name for w in found.values()} == set(CONNECTION_FIELDS)
    secret = {w.field_name for w in found.values() if w.is_sensitive}
    assert secret == {
        "private_key",
        "private_key_password",
        "token",
        "client_secret",
        "refresh_token",
    }
    behaviour = manager.field_behaviours["anaplan"]
    assert behaviour["relabeling"]["login"] == "User (email)"


def test_the_description_fits_airflows_schema():
    from pathlib import Path

    import airflow

    schema = json.loads((Path(airflow.__path__[0]) / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_a_password_signs_in(anaplan, connection):
    assert AnaplanHook(connection).test_connection() == (
        True,
        f"Signed in as {anaplan.emulator.user_email}",
    )


def test_a_wrong_password_is_reported_without_it(anaplan, monkeypatch):
    hook = define(
        monkeypatch, host=anaplan.emulator.base_url, login="a@b.example", password="Wr0ng-one"
    )
    succeeded, message = hook.test_connection()
    assert not succeeded
    assert "Wr0ng-one" not in message


@pytest.mark.parametrize("as_text", [False, True])
def test_a_certificate_signs_in(anaplan, monkeypatch, as_text):
    emulator = anaplan.emulator
    files = {"certificate": emulator.certificate, "private_key": emulator.private_key}
    extra = {name: path.read_text() if as_text else str(path) for name, path in files.items()}
    hook = define(monkeypatch, host=emulator.base_url, extra=extra)
    assert hook.test_connection()[0]


def test_a_token_signs_in(anaplan, monkeypatch):
    with anaplan.client() as client:
        client.authenticate()
    succeeded, message = define(
        monkeypatch, host=anaplan.emulator.base_url, extra={"token": "not-a-token"}
    ).test_connection()
    assert not succeeded
    assert "not-a-token" not in message


def test_a_refresh_token_signs_in_and_its_successor_is_kept(anaplan, monkeypatch, tmp_path):
    from anaplan_sdk import Oauth

    emulator = anaplan.emulator
    oauth = Oauth(
        emulator.oauth_client_id,
        emulator.oauth_client_secret,
        emulator.redirect_uri,
        base_url=emulator.base_url,
    )
    url, state = oauth.authorization_url()
    token = oauth.fetch_token(emulator.authorize(url), state)
    extra = {
        "client_id": emulator.oauth_client_id,
        "client_secret": emulator.oauth_client_secret,
        "redirect_uri": emulator.redirect_uri,
        "refresh_token": token["refresh_token"],
        "token_file": str(tmp_path / "tokens.json"),
    }
    for _ in range(2):  # the second one has to use the successor
        hook = define(monkeypatch, host=emulator.base_url, extra=extra)
        assert hook.test_connection()[0]


def test_a_profile_signs_in(anaplan, monkeypatch, tmp_path):
    emulator = anaplan.emulator
    config = tmp_path / "config.toml"
    config.write_text(
        f'[profiles.night]\nuser_email = "{emulator.user_email}"\n'
        f'password = "{emulator.password}"\nbase_url = "{emulator.base_url}"\n'
    )
    config.chmod(0o600)
    monkeypatch.setenv("ANAPLAN_CONFIG_FILE", str(config))
    assert define(monkeypatch, extra={"profile": "night"}).test_connection()[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"extra": {"modelid": "x"}}, "unknown field 'modelid'"),
        ({"extra": {"token": 5}}, "must be text"),
        ({"extra": '{"token": "t0ps3cret'}, "must be an object in JSON"),
        ({"extra": '["t0ps3cret"]'}, "must be an object in JSON"),
        ({"login": "a@b.example"}, "password"),
        ({"extra": {"profile": "p", "token": "t0ps3cret"}}, "a profile and token"),
        ({"extra": {"client_id": "c", "refresh_token": "t0ps3cret"}}, "no client_secret"),
        ({}, "No credentials"),
    ],
)
def test_an_invalid_connection_is_refused(monkeypatch, fields, message):
    with pytest.raises(AirflowFailException, match=message) as caught:
        define(monkeypatch, **fields).get_conn()
    assert "t0ps3cret" not in str(caught.value)


def test_the_model_of_an_operator_comes_first(anaplan, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", connection_of(anaplan.emulator, model_id="A" * 32))
    hook = AnaplanHook("other", model_id=anaplan.emulator.model_id)
    with hook.get_conn() as client:
        assert client.get_imports()


def test_assets():
    assert create_asset(workspace_id="w", model_id="m").uri == "anaplan://w/m"
    asset = create_asset(workspace_id="w", model_id="m", kind="files", object_id=113)
    assert asset.uri == "anaplan://w/m/files/113"
    with pytest.raises(ValueError, match="both or none"):
        create_asset(workspace_id="w", model_id="m", kind="files")


@pytest.mark.parametrize("uri", ["anaplan://w", "anaplan://w/m/files", "anaplan://w/m/cells/1"])
def test_other_uris_are_refused(uri):
    with pytest.raises(ValueError, match="must have the form"):
        Asset(uri=uri)
