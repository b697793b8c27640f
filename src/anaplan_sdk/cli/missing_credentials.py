"""What the command says when there is no way to sign in: what is missing, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, without_python_advice

if TYPE_CHECKING:
    from anaplan_sdk.auth.environment import Incomplete, Search
    from anaplan_sdk.auth.profiles import Source


def search_quietly(sources: Sequence[Source], *, may_ask: bool) -> Search:
    """Search places for options. Notes of the SDK are printed only if there is a way to sign in.

    Without one, `reasons` says the same, and more.

    Args:
        sources: The places.
        may_ask: Whether someone at a terminal may be asked to sign in.

    Returns:
        What was found.

    Raises:
        InvalidArgumentException: An option is not valid.
    """
    from anaplan_sdk.auth.environment import search_options

    held: list[logging.LogRecord] = []

    def is_printed(record: logging.LogRecord) -> bool:
        is_note = record.levelno == logging.WARNING
        if is_note:
            held.append(record)
        return not is_note

    logger = logging.getLogger("anaplan_sdk.auth")
    if logger.isEnabledFor(logging.DEBUG):  # The whole log was asked for.
        return search_options(sources, may_ask=may_ask)
    logger.addFilter(is_printed)
    try:
        search = search_options(sources, may_ask=may_ask)
    finally:
        logger.removeFilter(is_printed)
    if search.way is not None:
        for record in held:
            logger.handle(record)
    return search


def require_credentials(search: Search, login: Callable[..., str]) -> None:
    """Check that there is a way to sign in.

    Args:
        search: The options that were found.
        login: Returns the command line that signs in with given words, in quotes.

    Raises:
        CommandError: There is none. It says what the most complete way lacks.
    """
    from anaplan_sdk.exceptions import CredentialsNotFoundException

    try:
        search.require_credentials()
    except CredentialsNotFoundException as error:
        found = _by_completeness(search)
        message = _reason(found[0]) if found else f"There is no way to sign in{_nothing(search)}."
        advice = (
            _advice(found[0], login)
            if found
            else f"Run {login()}, or set variables; 'anaplan doctor' shows what is set."
        )
        raise CommandError(ExitCode.SIGN_IN, message, advice, kind=type(error).__name__) from None


def reasons(search: Search) -> list[str]:
    """Return why ways to sign in can't be used of which a part is set.

    Args:
        search: The options that were found.

    Returns:
        A sentence for each, that of the most complete way first.
    """
    return list(map(_reason, _by_completeness(search)))


def _by_completeness(search: Search) -> list[Incomplete]:
    def rank(found: Incomplete) -> tuple[int, bool]:
        is_named = all(map(found.source.names, found.missing))  # As a variable or in the keyring.
        return len(found.missing), not is_named

    return sorted(search.incomplete, key=rank)


def _nothing(search: Search) -> str:
    unavailable = [each.unavailable for each in search.sources if each.unavailable]
    if unavailable:
        return f": no variable names one, and {unavailable[0]}"
    return ": neither variables nor the profile name one"


def _reason(found: Incomplete) -> str:
    source = found.source
    if found.options[0] in ("device_client_id", "client_id") and len(found.options) == 1:
        client = source.get(found.options[0])
        problem = without_python_advice(next(iter(found.missing.values())))
        if " has none, and " in problem:
            return (
                f"No token is stored for the OAuth client {client} of the {source.name}, and there "
                "is no terminal to sign in at."
            )
        return f"No stored token of the OAuth client {client} can be used: {problem.rstrip('.')}."
    named = [name for name in found.missing if source.names(name)]
    if named:
        return " ".join(_unread(source, name, found.missing[name]) for name in named)
    have = " and ".join(source.label(name) for name in found.options if name not in found.missing)
    lacks = " and ".join(map(source.label, found.missing))
    verb = "is" if len(found.missing) == 1 else "are"
    given = "are" if " and " in have else "is"
    return f"In the {source.name}, {have} {given} set, and {lacks} {verb} not."


def _unread(source: Source, name: str, problem: str) -> str:
    from anaplan_sdk.auth.profiles import Variable

    value: object = getattr(source.profile, name)
    if isinstance(value, Variable):
        return f"The variable {value.env}, which the {source.name} names for {name}, is not set."
    return f"The {source.name} has no {name}: {without_python_advice(problem).rstrip('.')}."


def _advice(found: Incomplete, login: Callable[..., str]) -> str:
    from anaplan_sdk.auth.profiles import KeyringEntry, Variable
    from anaplan_sdk.auth.stores.keyring import WAYS_OUT

    source = found.source
    has_no_keyring = any(WAYS_OUT in problem for problem in found.missing.values())
    if len(found.options) == 1 and found.options[0] in ("device_client_id", "client_id"):
        if has_no_keyring:
            line = login("--token-file", "FILE")
            return f"Name a file for tokens: {line}, or ANAPLAN_TOKEN_FILE."
        return f"Run {login()}."
    values: dict[str, object] = {name: getattr(source.profile, name) for name in found.missing}
    entries = [name for name, value in values.items() if isinstance(value, KeyringEntry)]
    if entries:
        if has_no_keyring:
            line = login("--secret-env", "NAME")
            return f"Without a keyring, name a variable for it: {line}."
        return f"Run {login()}."
    if source.name == "environment" or all(isinstance(each, Variable) for each in values.values()):
        variables = [
            value.env if isinstance(value, Variable) else source.label(name)
            for name, value in values.items()
        ]
        return f"Set {' and '.join(variables)}, or run {login()}."
    return f"Run {login()}; 'anaplan doctor' shows what is set."
