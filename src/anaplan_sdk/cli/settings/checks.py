"""What `anaplan doctor` checks on this machine and at Anaplan."""

from __future__ import annotations

import logging
import os
import platform
import ssl
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.settings.check_results import Check, failed

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.auth.environment import Search
    from anaplan_sdk.cli.invocation import Invocation

_LOGIN = (
    "Run 'anaplan login'; or try 'anaplan emulator', which serves an Anaplan on this machine and "
    "prints the variables for it."
)
_REFUSED = "The settings above show what was used; 'anaplan login' stores other credentials."
# Days before the end of a certificate from which there is a warning; as the SDK's own.
_NOTICE_DAYS = 30


def checks_of(invocation: Invocation, search: Search, problem: Exception | None) -> Iterator[Check]:
    """Check what a command needs, one after the other.

    Args:
        invocation: The run of the command.
        search: The options that were found.
        problem: Why the search failed, if it did.

    Yields:
        The results.
    """
    from anaplan_sdk.cli.settings.network_checks import network_checks
    from anaplan_sdk.exceptions import AnaplanException
    from anaplan_sdk.regions import resolve_hosts

    yield _versions()
    yield from _config_file()
    if problem is not None:
        advice = "Correct it, and run 'anaplan doctor' again."
        yield replace(failed("settings", problem), code=ExitCode.USAGE, advice=advice)
        return
    way, source = search.way, search.way_source
    if way and source:
        place = "the environment" if source.name == "environment" else source.name
        yield Check("credentials", "ok", f"{way} from {place}")
    else:
        yield _no_credentials(search)
    if "certificate" in search.options:
        yield _certificate(search.options)
    yield _token_store(search)
    base_url, region = (search.options.get(name) for name in ("base_url", "region"))
    hosts = resolve_hosts(base_url=base_url, region=region, hosts=None)
    reached = True
    for check in network_checks(hosts, uses_oauth=way in ("device", "browser", "refresh token")):
        reached = reached and (check.result != "problem" or check.name == "clock")
        yield check
    if way is None:
        return
    if not reached:
        yield Check("sign-in", "not used", "Not tried, since Anaplan can't be reached.")
        return
    try:
        yield from _at_anaplan(invocation, search.options)
    except (AnaplanException, ImportError) as error:
        check = failed("sign-in", error)
        is_refusal = check.code is ExitCode.SIGN_IN
        yield replace(check, advice=_REFUSED) if is_refusal else check


def _versions() -> Check:
    from anaplan_sdk import __version__

    return Check(
        "versions",
        "ok",
        f"anaplan-sdk {__version__}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, "
        f"{platform.system()} {platform.machine()}",
    )


def _config_file() -> Iterator[Check]:
    from anaplan_sdk.auth.permissions import mode_of_others
    from anaplan_sdk.auth.profiles import config_file, has_secret, read_config
    from anaplan_sdk.exceptions import AnaplanException

    try:
        path = config_file(os.environ)
        content = read_config(path)
    except AnaplanException:
        return  # The search has reported it.
    name = "config file"
    if content is None:
        yield Check(name, "not used", f"{path} doesn't exist.")
        return
    readers = mode_of_others(path)
    if readers and has_secret(content):
        yield Check(
            name,
            "problem",
            f"Other users can read or change {path}, which contains a secret.",
            f"chmod 600 {path}",
            ExitCode.FAILED,
        )
    elif readers & 0o022:
        what = f"Other users can change {path}, and so where your credentials are sent."
        yield Check(name, "warning", what, f"chmod go-w {path}")
    else:
        count = len(content.profiles)
        yield Check(name, "ok", f"{path} is valid; profiles: {count}")


def _no_credentials(search: Search) -> Check:
    from anaplan_sdk.cli.missing_credentials import reasons

    message = " ".join(["There is no way to sign in.", *reasons(search)])
    return Check("credentials", "problem", message, _LOGIN, ExitCode.SIGN_IN)


@contextmanager
def _without_notes() -> Generator[None]:
    """Keep the SDK from printing what a check reports."""

    def is_no_note(record: logging.LogRecord) -> bool:
        return record.levelno != logging.WARNING

    logger = logging.getLogger("anaplan_sdk.auth")
    logger.addFilter(is_no_note)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(is_no_note)


def _certificate(options: dict[str, Any]) -> Check:
    from anaplan_sdk.auth.certificate import CertificateCredentials
    from anaplan_sdk.exceptions import AnaplanException

    names = ("certificate", "private_key", "private_key_password")
    try:
        with _without_notes():
            credentials = CertificateCredentials.load(*(options.get(name) for name in names))  # type: ignore[arg-type]
    except (AnaplanException, ImportError) as error:
        advice = "Check the paths and the password; Anaplan's administrators renew certificates."
        return replace(failed("certificate", error), advice=advice)
    days = (credentials.expires - datetime.now(UTC)).days
    message = (
        f"{credentials.subject} until {credentials.expires:%Y-%m-%d}, {days} days left; the "
        "private key belongs to it."
    )
    if days < _NOTICE_DAYS:
        return Check(
            "certificate",
            "warning",
            message,
            "Have Anaplan's administrators register a new one before.",
        )
    return Check("certificate", "ok", message)


def _token_store(search: Search) -> Check:
    from anaplan_sdk.auth.environment import token_store
    from anaplan_sdk.auth.stores import load_from
    from anaplan_sdk.cli.settings.stored_secrets import keyring_name, unencrypted_keyring
    from anaplan_sdk.exceptions import AnaplanException

    name = "token store"
    source = search.way_source
    uses_oauth = search.way in ("device", "browser")
    try:
        from anaplan_sdk.auth.stores import KeyringStore

        store = token_store(source) if source and uses_oauth else KeyringStore()
        load_from(store, "anaplan doctor")
    except (AnaplanException, ImportError) as error:
        if uses_oauth:
            return failed(name, error)
        text = str(error).partition(". ")[0].rstrip(".")
        advice = "Without a keyring, 'anaplan login' takes --token-file or --secret-env."
        return Check(name, "not used", f"{text}.", advice)
    path = source.get("token_file") if source and uses_oauth else None
    if path:
        from anaplan_sdk._arguments import expanded

        folder = expanded(path).parent
        if not os.access(folder, os.W_OK):
            return Check(
                name,
                "problem",
                f"No token can be stored in {path}: {folder} is missing or not writable.",
                "A refresh token that Anaplan rotates would be lost; choose another token_file.",
                ExitCode.FAILED,
            )
        return Check(name, "ok", f"{path} can be written")
    backend = keyring_name()
    if risk := unencrypted_keyring():
        advice = "Install a keyring that encrypts, or name variables: 'anaplan login --secret-env'."
        return Check(name, "warning", f"keyring: {backend}. {risk}", advice)
    return Check(name, "ok", f"keyring: {backend}")


def _at_anaplan(invocation: Invocation, options: dict[str, Any]) -> Iterator[Check]:
    """Sign in, and look at what the user can see."""
    from anaplan_sdk import Client
    from anaplan_sdk.auth.bearer import Bearer
    from anaplan_sdk.auth.credentials import resolve_auth
    from anaplan_sdk.cli.settings.network_checks import TIMEOUT
    from anaplan_sdk.cli.settings.sign_in_report import described
    from anaplan_sdk.config import ClientConfig

    config = ClientConfig(**options, timeout=TIMEOUT, retry_count=0)
    with _without_notes():
        auth = resolve_auth(config)
    hosts = config.service_hosts
    with Client(auth=auth, hosts=hosts, timeout=TIMEOUT, retry_count=0) as client:
        client.authenticate()
        user = client.audit.get_user("me")
        yield Check("sign-in", "ok", f"signed in as {described(user)}")
        if isinstance(auth, Bearer):
            yield _token(auth.cache.expires_at)
        yield _rights(client)
        yield from _visible(invocation, client, options)


def _token(expires_at: float | None) -> Check:
    if expires_at is None:
        message = "It is not known when the token expires; nothing refreshes it."
        return Check("token", "warning", message, "For long work, sign in another way.")
    # It is negative after the clock was set.
    minutes = max(0.0, expires_at - time.time()) / 60
    return Check("token", "ok", f"valid for {minutes:.0f} minutes, then refreshed")


def _rights(client: Client) -> Check:
    """Find out by calls that only read what the user's roles allow."""
    from anaplan_sdk.exceptions import AnaplanException

    calls: dict[str, Callable[[], object]] = {
        "users (workspace administrator, or a role for the tenant)": client.audit.get_users,
        "audit events (tenant auditor)": lambda: next(iter(client.audit.get_event_stream()), None),
        "CloudWorks (integration administrator)": client.cw.get_integrations,
        "SCIM (user administrator)": client.scim.get_resource_types,
    }
    allowed: list[str] = []
    refused: list[str] = []
    for what, call in calls.items():
        try:
            call()
        except AnaplanException:
            refused.append(what)
        else:
            allowed.append(what)
    parts = [f"may read: {', '.join(allowed)}"] if allowed else []
    parts += [f"may not read: {', '.join(refused)}"] if refused else []
    return Check("roles", "ok", "; ".join(parts))


def _visible(invocation: Invocation, client: Client, options: dict[str, Any]) -> Iterator[Check]:
    """Count the workspaces and models, and find those that commands use."""
    from anaplan_sdk.cli.references import find_id
    from anaplan_sdk.exceptions import AnaplanException

    workspaces, models = client.get_workspaces(), client.get_models()
    yield Check(
        "visible",
        "ok" if models else "warning",
        f"workspaces: {len(workspaces)}, models: {len(models)}",
        "" if models else "An administrator gives access to workspaces and models.",
    )
    given = invocation.options
    workspace_id: str | None = None
    for kind, reference, known in (
        ("workspace", given.workspace or options.get("workspace_id"), workspaces),
        ("model", given.model or options.get("model_id"), models),
    ):
        if not reference:
            advice = f"'anaplan profile set --{kind} NAME' stores one."
            yield Check(kind, "not used", f"no {kind} is set", advice)
            continue
        try:
            found = find_id(client, (f"{kind}s",), reference, workspace_id)
            if kind == "workspace":
                workspace_id = found
                name = client.get_workspace(found).name
            else:
                name = client.get_model(found).name
        except AnaplanException as error:
            check = failed(kind, error)
            yield replace(check, code=ExitCode.FAILED, advice=f"'anaplan ls {kind}s' lists them.")
            continue
        state = ""
        with suppress(StopIteration):
            model: Any = next(each for each in known if each.id.lower() == found.lower())
            state = f", {model.active_state}" if kind == "model" else ""
        yield Check(kind, "ok", f"{name} ({found}){state}")
