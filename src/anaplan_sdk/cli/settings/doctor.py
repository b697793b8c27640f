"""Checking settings, sign-in and network: `anaplan doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.invocation import Invocation

if TYPE_CHECKING:
    from anaplan_sdk.auth.environment import Search
    from anaplan_sdk.auth.profiles import Source
    from anaplan_sdk.cli.settings.check_results import Check

_SETTING_COLUMNS = ("setting", "value", "source", "use")
_CHECK_COLUMNS = ("check", "result", "message")
# Of several problems, the one that explains the others decides.
_PRECEDENCE = (ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.SIGN_IN)


@examples("anaplan doctor", "anaplan doctor --profile load", "anaplan doctor -o json > doctor.json")
def doctor(context: typer.Context) -> int:
    """Check settings, sign-in and network, and suggest what to do.

    First it lists every setting with the place that it is from. Where several places have it, the
    first one is used, and the others are overridden. Secrets are masked.

    Then it checks one after the other what a command needs. It signs in, and changes nothing.
    Nobody is asked. The exit code is 0 if all is well, 2 for a setting that is not valid, 4 if the
    sign-in fails, 9 if Anaplan can't be reached, and 1 for another problem.
    """
    from anaplan_sdk.cli.settings.checks import checks_of

    invocation = Invocation.of(context)
    sources, search, problem = _searched(invocation)
    settings = list(_settings(invocation, sources, search))
    found = checks_of(invocation, search, problem)
    chosen = invocation.options.output
    if chosen in (None, "table"):
        invocation.output.rows(settings, _SETTING_COLUMNS)
        invocation.say("\nChecking...\n")
    checks = list(found)
    if chosen in ("json", "jsonl"):
        facts = [each.facts for each in checks]
        invocation.output.record({"settings": settings, "checks": facts})
    else:
        invocation.output.rows(map(_as_row, checks), _CHECK_COLUMNS)
    codes = {each.code for each in checks if each.result == "problem"}
    first = next((code for code in _PRECEDENCE if code in codes), ExitCode.FAILED)
    return first if codes else ExitCode.DONE


def _as_row(check: Check) -> dict[str, str]:
    message = f"{check.message.rstrip('.')}. {check.advice}" if check.advice else check.message
    return {"check": check.name, "result": check.result, "message": message}


def _searched(invocation: Invocation) -> tuple[Sequence[Source], Search, Exception | None]:
    """Search for options as other commands do; what is not valid is a result."""
    from anaplan_sdk.auth.environment import Search
    from anaplan_sdk.auth.profiles import environment_source, find_sources
    from anaplan_sdk.cli.missing_credentials import search_quietly
    from anaplan_sdk.exceptions import AnaplanException

    sources: list[Source] = []
    try:
        sources = [environment_source(os.environ)]
        sources = find_sources(invocation.options.profile, os.environ)
        return sources, search_quietly(sources, may_ask=False), None
    except (AnaplanException, ImportError) as problem:
        return sources, Search(sources), problem


def _settings(
    invocation: Invocation, sources: Sequence[Source], search: Search
) -> Iterator[dict[str, Any]]:
    from anaplan_sdk.auth.profiles import Profile
    from anaplan_sdk.cli.settings.masking import shown

    yield from _places(invocation)
    flags = {"workspace_id": invocation.options.workspace, "model_id": invocation.options.model}
    for field in Profile.model_fields:
        is_taken = bool(flag := flags.get(field))
        if flag:
            yield _row(field, flag, f"--{field.removesuffix('_id')}", "used")
        for source in sources:
            value = getattr(source.profile, field)
            if value is None:
                continue
            is_used = search.origins.get(field) is source and not is_taken
            is_overridden = is_taken or field in search.origins
            use = "used" if is_used else "overridden" if is_overridden else "not used"
            is_profile = source.name.startswith("profile")
            place = source.name if is_profile else source.label(field)
            text = shown(field, value)
            if not isinstance(value, str) and not source.has(field):
                text += " (not set)"
            yield _row(field, text, place, use)
    if not search.origins.keys() & {"region", "base_url"}:
        yield _row("region", "us1", "default", "used")


def _places(invocation: Invocation) -> Iterator[dict[str, Any]]:
    """Yield where the config file and the profile are from."""
    from anaplan_sdk.auth.profiles import config_file, read_config
    from anaplan_sdk.exceptions import AnaplanException

    default: str | None = None
    is_named = bool(os.environ.get("ANAPLAN_CONFIG_FILE", "").strip())
    place = "ANAPLAN_CONFIG_FILE" if is_named else "default"
    path, use = "", "not valid"
    try:
        found = config_file(os.environ)
        path = str(found)
        content = read_config(found)
        default = content.default_profile if content else None
        use = "used" if content else "no such file"
    except AnaplanException:
        pass  # The checks report it.
    yield _row("config_file", path, place, use)
    named: Mapping[str, str | None] = {
        "--profile": invocation.options.profile,
        "ANAPLAN_PROFILE": os.environ.get("ANAPLAN_PROFILE", "").strip(),
        "default_profile": default,
    }
    use = "used"
    for place, name in named.items():
        if name:
            yield _row("profile", name, place, use)
            use = "overridden"


def _row(setting: str, value: str, source: str, use: str) -> dict[str, Any]:
    return {"setting": setting, "value": value, "source": source, "use": use}
