"""The variables that take the place of Anaplan Connect's options for signing in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import get_args

from anaplan_sdk.cli.connect.shells import Shell
from anaplan_sdk.cli.connect.steps import Settings
from anaplan_sdk.cli.connect.values import Code, Value

_EMAIL = re.compile(r"[^\s@:;/,|&]+@[\w.-]+")
# The end matters: after a damaged separator, the password would belong to the path.
_PATH = re.compile(
    r"(?i)(?:[a-z]:(?=[\\/]))?[^:;|,]*\.(?:pem|key|der|p8|cer|crt|cert|p12|pfx|jks|keystore|ks)"
)
_NAME = re.compile(r"[\w. -]+")
_ORIGIN = re.compile(r"(?:https?://)?[\w.-]+(?::\d+)?/?")


@dataclass
class Environment:
    """Variables for commands.

    Attributes:
        exported: The variables whose values the script shows.
        asked: The variables that a person is asked for, with the questions.
        required: The variables that have to be set before, such as secrets, with their purpose.
        notes: What a person has to know.
        lines: Commands that a person runs once.
    """

    exported: dict[str, Value] = field(default_factory=dict[str, Value])
    asked: dict[str, str] = field(default_factory=dict[str, str])
    required: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])

    def add(self, name: str, value: Value, form: re.Pattern[str], purpose: str) -> None:
        """Add a variable whose value the old script has.

        Args:
            name: The variable.
            value: The value. One of another form is left out, since it may contain a secret.
            form: The form that it should have.
            purpose: What it is for.
        """
        if value.is_outer or _has_form(value, form):
            self.exported[name] = value
        else:
            self.required[name] = purpose

    def add_secret(self, name: str, value: Value | None, purpose: str) -> None:
        """Add a variable for a secret, whose value is never shown.

        Args:
            name: The variable.
            value: The value, which is only used if it is another variable of the environment.
            purpose: What it is for.
        """
        if value is not None and value.is_outer:
            self.exported[name] = value.expanded()
        else:
            self.required[name] = purpose


def _has_form(value: Value, form: re.Pattern[str]) -> bool:
    """Whether a text has a form; code in it must be harmless and use no text of the script."""
    codes = [atom for atom in value.atoms if isinstance(atom, Code)]
    is_clear = all(code.is_harmless and not code.uses for code in codes)
    return is_clear and form.fullmatch("".join(value.literals())) is not None


def environment_for(settings: Settings, shell: Shell) -> Environment:
    """Return the variables that replace the settings of a call.

    Args:
        settings: The settings.
        shell: The shell that quotes paths in notes.

    Returns:
        The variables.
    """
    found = Environment()
    _add_hosts(found, settings)
    _add_proxy(found, settings)
    if settings.certificate is not None or settings.private_key is not None:
        _add_certificate(found, settings)
    elif settings.keystore is not None:
        _add_keystore(found, settings.keystore, settings, shell)
    elif settings.client_id is not None:
        _add_device_client(found, settings.client_id, settings, shell)
    elif settings.user is not None:
        _add_user(found, settings.user, settings.password)
    else:
        found.notes.append("The old script names no user: sign in once with 'anaplan login'.")
    return found


def _add_user(found: Environment, user: Value, password: Value | None) -> None:
    if user.plain in ("", "?"):
        found.asked["ANAPLAN_USER_EMAIL"] = "E-mail address"
    elif password is None and not user.is_outer:
        # The password may follow after something else than a colon.
        found.required["ANAPLAN_USER_EMAIL"] = "the user's e-mail address"
    else:
        found.add("ANAPLAN_USER_EMAIL", user, _EMAIL, "the user's e-mail address")
        if password is None:
            found.notes.append("If the value has the form USER:PASSWORD, give the user only.")
    found.add_secret("ANAPLAN_PASSWORD", password, "the password")


def _add_certificate(found: Environment, settings: Settings) -> None:
    if settings.certificate is not None:
        purpose = "the path of the certificate"
        found.add("ANAPLAN_CERTIFICATE", settings.certificate, _PATH, purpose)
    if settings.private_key is not None:
        purpose = "the path of the private key"
        found.add("ANAPLAN_PRIVATE_KEY", settings.private_key, _PATH, purpose)
    if settings.key_password is not None:
        purpose = "the password of the private key"
        found.add_secret("ANAPLAN_PRIVATE_KEY_PASSWORD", settings.key_password, purpose)


def _add_keystore(found: Environment, keystore: Value, settings: Settings, shell: Shell) -> None:
    path = shell.quoted(keystore.expanded()) if _has_form(keystore, _PATH) else "KEYSTORE"
    alias = ""
    if settings.alias is not None:
        is_shown = _has_form(settings.alias, _NAME)
        alias = f" -srcalias {shell.quoted(settings.alias.expanded()) if is_shown else 'ALIAS'}"
    found.notes.append("A Java keystore (-k) is not read. Convert it once:")
    found.lines.append(
        f"keytool -importkeystore -srckeystore {path}{alias} "
        "-destkeystore anaplan.p12 -deststoretype PKCS12"
    )
    found.exported["ANAPLAN_CERTIFICATE"] = Value.of("anaplan.p12")
    purpose = "the password of anaplan.p12"
    found.add_secret("ANAPLAN_PRIVATE_KEY_PASSWORD", settings.key_password, purpose)


def _add_device_client(
    found: Environment, client_id: Value, settings: Settings, shell: Shell
) -> None:
    again = "Sign in again" if settings.registers else "Sign in once"
    found.notes.append(f"{again} before the first run; the token is stored:")
    is_shown = _has_form(client_id, _NAME)
    shown = shell.quoted(client_id.expanded()) if is_shown else "CLIENT_ID"
    found.lines.append(f"anaplan login device --client-id {shown}")
    if settings.rotates:
        found.notes.append("--rotatable is not needed: a rotated token is stored by itself.")
    found.add("ANAPLAN_DEVICE_CLIENT_ID", client_id, _NAME, "the id of the OAuth client")


def _add_hosts(found: Environment, settings: Settings) -> None:
    from anaplan_sdk.regions import Hosts, Region

    if not settings.service:
        return
    origin = _origin(settings.service)
    regions = {Hosts.of_region(region).api: region for region in reversed(get_args(Region))}
    if origin is None:
        found.required["ANAPLAN_BASE_URL"] = "the URL of Anaplan (-service)"
    elif origin not in regions:
        found.exported["ANAPLAN_BASE_URL"] = Value.of(origin)
        found.notes.append("ANAPLAN_BASE_URL is the URL of all services, also for signing in.")
    elif regions[origin] != "us1":  # The default, whose hosts other regions share.
        found.exported["ANAPLAN_REGION"] = Value.of(regions[origin])


def _origin(url: Value) -> str | None:
    """Return the origin of a URL; None if the script does not show a plain one."""
    if not url.is_known:
        return None
    # A path is not part of it. A user is: the text before it may be a secret.
    text = url.plain if "//" in url.plain else f"https://{url.plain}"
    found = re.match(rf"({_ORIGIN.pattern})(?:/|$)", text)
    return found[1].rstrip("/").lower() if found else None


def _add_proxy(found: Environment, settings: Settings) -> None:
    proxy = settings.proxy
    if proxy is None:
        return
    if settings.proxy_user is not None or not (proxy.is_outer or _has_form(proxy, _ORIGIN)):
        found.required["HTTPS_PROXY"] = "the URL of the proxy, with its user and password if any"
    elif proxy.is_known and "//" not in proxy.plain:
        found.exported["HTTPS_PROXY"] = Value.of("http://", proxy)
    else:
        found.exported["HTTPS_PROXY"] = proxy
