"""Who is signed in, and what `anaplan login` says after a sign-in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from anaplan_sdk.cli.wording import quoted

if TYPE_CHECKING:
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.models import User


def full_name(user: User) -> str:
    """Return the name of a user.

    Args:
        user: The user.

    Returns:
        First and last name; an empty text without both.
    """
    return f"{user.first_name} {user.last_name}".strip()


def described(user: User) -> str:
    """Return the name and the e-mail address of a user.

    Args:
        user: The user.

    Returns:
        The text, such as `Ada Admin <ada@company.com>`.
    """
    name = full_name(user)
    return f"{name} <{user.email}>" if name else user.email


def say_what_was_stored(
    invocation: Invocation,
    profile: str,
    in_keyring: Sequence[str],
    token_file: str | None,
    removed: Sequence[str],
) -> None:
    """Say where settings and secrets were stored, and warn of a keyring that does not encrypt.

    Args:
        invocation: The run of the command.
        profile: The profile and its file, in words.
        in_keyring: What was stored in the keyring.
        token_file: The file that the refresh token was stored in; None if it was in none.
        removed: Settings of the profile that were removed.
    """
    from anaplan_sdk.cli.settings.stored_secrets import keyring_name, unencrypted_keyring

    invocation.say(f"Stored in {profile}.")
    if removed:
        invocation.say(f"Removed from it, as another way to sign in: {', '.join(removed)}.")
    if token_file:
        invocation.say(f"Stored the refresh token in {token_file}, unencrypted.")
    if not in_keyring:
        return
    what = " and the ".join(each.replace("_", " ") for each in in_keyring)
    invocation.say(f"Stored the {what} in the keyring ({keyring_name()}).")
    if risk := unencrypted_keyring():
        instead = "--token-file PATH" if "refresh token" in in_keyring else "--secret-env NAME"
        invocation.say(
            f"Warning: {risk} {invocation.command_line('anaplan', 'logout', model=False)} removes "
            f"the {what}; 'anaplan login {instead}' uses no keyring."
        )


def say_what_follows(invocation: Invocation, name: str, *, has_model: bool) -> None:
    """Say why a command would not use the profile, if it would not; and how to choose a model.

    Args:
        invocation: The run of the command.
        name: The profile.
        has_model: Whether there is a model.
    """
    from anaplan_sdk.auth.profiles import find_sources
    from anaplan_sdk.cli.missing_credentials import search_quietly

    source = search_quietly(find_sources(None, os.environ), may_ask=False).way_source
    if source is not None and source.name != f"profile {name!r}":
        typed = quoted(name)
        if source.name.startswith("profile"):
            advice = (
                f"--profile {typed} uses it; 'anaplan profile use {typed}' makes it the default."
            )
        else:
            advice = f"Variables (ANAPLAN_...) precede it, unless you give --profile {typed}."
        invocation.say(advice)
    if not has_model:
        words = ("anaplan", "profile", "set", "-w", "NAME", "-m", "NAME")
        choose = invocation.command_line(*words, model=False)
        listing = invocation.command_line("anaplan", "ls", "models", model=False)
        invocation.say(f"Choose a model: {choose}; {listing} lists them.")
