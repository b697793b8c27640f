"""What `anaplan login` signs in with: from options, the profile, variables, stdin or a person."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from getpass import getpass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import typer

from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.settings.stored_secrets import first_sentence, require_keyring

if TYPE_CHECKING:
    from anaplan_sdk.auth.profiles import Profile, Source
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.config import TokenStore
    from anaplan_sdk.regions import Hosts

Way: TypeAlias = Literal["device", "browser", "certificate", "password"]

# By way: the fields of a profile, with what they are called when they are asked for. Those without
# a text are not asked for.
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "device": {"device_client_id": "Id of the OAuth client (kind: device)"},
    "browser": {
        "client_id": "Id of the OAuth client (kind: authorization code)",
        "redirect_uri": "Redirect URI of the client",
        "client_secret": "",
    },
    "certificate": {
        "certificate": "Path of the certificate",
        "private_key": "",
        "private_key_password": "",
        "certificate_payload": "",
    },
    "password": {"user_email": "E-mail address", "password": ""},
}
WAYS = tuple(_FIELDS)
_SECRETS = {
    "browser": ("client_secret", "Secret of the OAuth client"),
    "certificate": ("private_key_password", "Password of the private key"),
    "password": ("password", "Password"),
}
# Fields of ways to sign in that `login` doesn't offer.
_OTHER_FIELDS = ("token", "api_key", "refresh_token")


@dataclass
class Credentials:
    """What to sign in with, and how a profile describes it.

    Attributes:
        way: The way to sign in.
        values: What the fields of the profile contain, except for the secret.
        settings: Fields that have to be stored, since they are not in the profile yet.
        secrets: The secret, by field of the profile.
        references: Where the secret is, by field of the profile; without it, it is to be stored in
            the keyring.
    """

    way: Way
    values: dict[str, str] = field(default_factory=dict[str, str])
    settings: dict[str, str | Mapping[str, str]] = field(
        default_factory=dict[str, "str | Mapping[str, str]"]
    )
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    references: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def __repr__(self) -> str:
        return f"<Credentials for {self.way}>"

    @property
    def client_id(self) -> str | None:
        """The OAuth client whose refresh token is to be stored; None for other ways."""
        return self.values.get("device_client_id") or self.values.get("client_id")

    def take(self, name: str, value: str, variable: str | None = None) -> None:
        """Use a value, and have it stored in the profile.

        Args:
            name: The field.
            value: The value.
            variable: The variable that it is from.

        Raises:
            CommandError: It is a certificate itself, which may contain a key.
        """
        from anaplan_sdk.auth import pem
        from anaplan_sdk.cli.settings.config_file import whole_path

        self.values[name] = value
        if name in ("certificate", "private_key"):
            if pem.unwrap(value.encode()) is None:
                self.settings[name] = self.values[name] = whole_path(value) or value
            elif name == "private_key" and variable:
                self.settings[name] = {"env": variable}
            else:
                raise usage_error(
                    f"{variable or name} contains the {name.replace('_', ' ')} itself, and a "
                    "profile names its path.",
                    f"Save it as a file, and give --{name.replace('_', '-')} PATH.",
                )
        else:
            self.settings[name] = value

    def fits(self, source: Source) -> bool:
        """Return whether a secret of a place can be that of these credentials.

        Args:
            source: The place.

        Returns:
            Whether it names no other user, client or certificate.
        """
        names = ("user_email", "client_id", "certificate", "private_key")
        return all(source.get(name) in (None, self.values.get(name)) for name in names)

    def options(self, hosts: Hosts, store: TokenStore) -> dict[str, Any]:
        """Return the options of a client that signs in.

        Args:
            hosts: The hosts.
            store: Keeps the refresh token.

        Returns:
            The options.

        Raises:
            AnaplanException: A value is not valid.
            ImportError: An extra is not installed.
        """
        from anaplan_sdk.auth.device import AnaplanDeviceAuth, show_code
        from anaplan_sdk.auth.local_oauth import AnaplanLocalOAuth

        given: dict[str, Any] = {**self.values, **self.secrets}
        if self.way == "device":
            client_id = given["device_client_id"]
            # Also where stderr is no terminal: someone may read it there.
            auth: Any = AnaplanDeviceAuth(client_id, store=store, prompt=show_code, hosts=hosts)
            given = {"auth": auth}
        elif self.way == "browser":
            given = {"auth": AnaplanLocalOAuth(**given, store=store, hosts=hosts)}
        return {**given, "hosts": hosts}

    def unused(self, profile: Profile) -> list[str]:
        """Return the fields of a profile that describe another way to sign in.

        Args:
            profile: The profile.

        Returns:
            The fields that are set. The SDK could prefer them.
        """
        fields = {*_OTHER_FIELDS, *(each for way in _FIELDS.values() for each in way)}
        used = {*self.values, *self.secrets}
        return [each for each, value in profile if each in fields - used and value is not None]


def gather(
    invocation: Invocation,
    way: Way,
    given: Mapping[str, str | None],
    sources: tuple[Source, Source],
    *,
    secret_env: str | None,
    secret_stdin: bool,
) -> Credentials:
    """Find out what to sign in with.

    Args:
        invocation: The run of the command.
        way: The way to sign in.
        given: Options, by field of the profile.
        sources: The profile, and the environment.
        secret_env: The variable that contains the secret, and is to be named in the profile.
        secret_stdin: Whether the secret is read from stdin.

    Returns:
        The credentials; nothing has been sent.

    Raises:
        CommandError: Something is missing, and there is nobody to ask; or an option is not used.
        InvalidCredentialsException: The certificate can't be used.
        InvalidPrivateKeyException: The private key can't be used.
    """
    names = _FIELDS[way]
    for name, value in given.items():
        if value and name not in names:
            raise usage_error(f"--{name.replace('_', '-')} is not used to sign in by {way}.")
    credentials = Credentials(way)
    _gather_values(invocation, credentials, given, sources)
    if way in _SECRETS:
        _gather_secret(invocation, credentials, sources, secret_env, stdin=secret_stdin)
    elif secret_env or secret_stdin:
        raise usage_error(f"There is no secret to sign in by {way} with.")
    return credentials


def _gather_values(
    invocation: Invocation,
    credentials: Credentials,
    given: Mapping[str, str | None],
    sources: tuple[Source, Source],
) -> None:
    for name, question in _FIELDS[credentials.way].items():
        if name in (secret for secret, _ in _SECRETS.values()):
            continue
        if value := given.get(name):
            credentials.take(name, value)
        elif value := sources[0].get(name):
            credentials.values[name] = value
        elif value := sources[1].get(name):
            credentials.take(name, value, variable=sources[1].label(name))
        elif question:
            credentials.take(name, _asked(invocation, name, question))


def _asked(invocation: Invocation, name: str, question: str, *, hidden: bool = False) -> str:
    if not invocation.interactive:
        if hidden:
            advice = f"Set ANAPLAN_{name.upper()}, or use --secret-stdin or --secret-env NAME."
        else:
            option = name.removeprefix("device_").replace("_", "-")
            advice = f"Give --{option}, or set ANAPLAN_{name.upper()}."
        raise usage_error(f"This needs a value for {name}.", advice)
    if hidden:
        return _asked_without_echo(question)
    answer: str = typer.prompt(question, err=True)
    return answer.strip()


def _asked_without_echo(question: str) -> str:
    """Ask for a secret.

    `typer.prompt` asks before it turns the echo off and discards what was typed until then: a
    secret that is pasted at once would be shown, and lost.
    """
    while True:
        try:
            answer = getpass(f"{question}: ", stream=sys.stderr).strip("\r\n")
        except (KeyboardInterrupt, EOFError):
            typer.echo(err=True)
            raise typer.Abort from None
        if answer:
            return answer


def _gather_secret(
    invocation: Invocation,
    credentials: Credentials,
    sources: tuple[Source, Source],
    variable: str | None,
    *,
    stdin: bool,
) -> None:
    name, question = _SECRETS[credentials.way]
    value: str | None
    if variable and stdin:
        raise usage_error("Give one of --secret-stdin and --secret-env, not both.")
    if variable:
        value = os.environ.get(variable) if variable.isidentifier() else None
        if not value:
            # The text is not quoted: someone may have written the secret itself.
            raise usage_error(
                "--secret-env takes the name of a variable, and there is no such variable.",
                "Set the variable, and give its name; not the secret itself.",
            )
        credentials.references[name] = {"env": variable}
    elif stdin:
        value = sys.stdin.readline().strip("\r\n")
        if not value:
            raise usage_error("Nothing could be read from stdin.")
    else:
        value = _known_secret(invocation, credentials, name, sources)
        if not value and name != "private_key_password":
            value = _asked(invocation, name, question, hidden=True)
    if value:
        credentials.secrets[name] = value
    if credentials.way == "certificate":
        _complete_certificate(invocation, credentials)


def _known_secret(
    invocation: Invocation, credentials: Credentials, name: str, sources: tuple[Source, Source]
) -> str | None:
    """Return the secret that a variable or the profile contains."""
    profile, environment = sources
    if credentials.fits(environment) and (value := environment.get(name)):
        return value
    # Someone who signs in with a password again may do so since it was changed.
    may_be_stale = name == "password" and invocation.interactive
    if may_be_stale or not credentials.fits(profile) or not (value := profile.get(name)):
        return None
    stored = getattr(profile.profile, name)
    if not isinstance(stored, str):
        credentials.references[name] = stored.model_dump()
    return value


def _complete_certificate(invocation: Invocation, credentials: Credentials) -> None:
    """Check the certificate, and ask for what it turns out to need."""
    from anaplan_sdk.auth.certificate import CertificateCredentials
    from anaplan_sdk.exceptions import InvalidArgumentException, InvalidPrivateKeyException

    def load() -> None:
        CertificateCredentials.load(
            credentials.values["certificate"],
            credentials.values.get("private_key"),
            credentials.secrets.get("private_key_password"),
        )

    try:
        try:
            load()
        except InvalidArgumentException:
            if not invocation.interactive or "private_key" in credentials.values:
                raise
            path = _asked(invocation, "private_key", "Path of the private key")
            credentials.take("private_key", path)
            load()
    except InvalidPrivateKeyException:
        if not invocation.interactive or credentials.secrets:
            raise
        name, question = _SECRETS["certificate"]
        require_keyring(name)
        credentials.secrets[name] = _asked(invocation, name, question, hidden=True)
        load()


def require_keyring_for(way: Way, profile: Source) -> None:
    """Check that a secret can be stored that someone is about to be asked for.

    Args:
        way: The way to sign in.
        profile: The profile, which may name another place of the secret.

    Raises:
        CommandError: It can't be stored.
    """
    if way == "password" or (way == "browser" and not profile.names("client_secret")):
        require_keyring(_SECRETS[way][0])


def require_storable(credentials: Credentials, profile: str) -> list[str]:
    """Check that the secret can be stored, before anyone is asked to sign in.

    Args:
        credentials: The credentials.
        profile: Name of the profile.

    Returns:
        The fields that are to be stored in the keyring.

    Raises:
        CommandError: It can't be stored, and no variable is named instead.
    """
    fields = sorted(credentials.secrets.keys() - credentials.references.keys())
    for each in fields:
        require_keyring(each, profile)
    return fields


def find_store(
    invocation: Invocation, profile: Profile, token_file: str | None, key: str
) -> tuple[TokenStore, str | None]:
    """Find where a refresh token can be stored, before anyone is asked to sign in.

    Args:
        invocation: The run of the command.
        profile: The profile.
        token_file: A file for it, if one was given.
        key: The key of the token.

    Returns:
        The store, and the path if it is a file.

    Raises:
        CommandError: There is no keyring, and no file was named instead.
        TokenStoreException: The file can't be read or written.
    """
    from anaplan_sdk._runtime.user_folders import state_folder
    from anaplan_sdk.auth.environment import token_store
    from anaplan_sdk.auth.profiles import profile_source
    from anaplan_sdk.auth.stores import PlaintextFileStore, save_to
    from anaplan_sdk.exceptions import TokenStoreException

    def checked(store: TokenStore) -> TokenStore:
        probe = f"{key}/probe"
        save_to(store, probe, "-")
        save_to(store, probe, None)
        return store

    if token_file:
        return checked(PlaintextFileStore(token_file)), token_file
    if profile.token_file:
        return checked(token_store(profile_source("", profile))), profile.token_file
    try:
        return checked(token_store(profile_source("", profile))), None
    except (TokenStoreException, ImportError) as problem:
        default = str(state_folder() / "tokens.json")
        what = f"There is no keyring for the refresh token: {first_sentence(problem)}"
        if not invocation.interactive:
            raise CommandError(
                ExitCode.SIGN_IN, what, f"Name a file for it, such as --token-file {default}"
            ) from None
        invocation.say(what)
        invocation.confirm(f"Store it unencrypted in {default}, which only you can read?")
        return checked(PlaintextFileStore(default)), default
