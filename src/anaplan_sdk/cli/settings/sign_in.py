"""Signing in: `anaplan login`, `logout` and `whoami`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.auth.profiles import Profile, Source
    from anaplan_sdk.cli.settings.credentials import Credentials, Way

# Only one of them can be set.
_PLACES = {"region", "base_url"}


@examples(
    "anaplan login device --client-id 0123456789abcdef0123456789abcdef --region eu3",
    "anaplan login certificate --certificate load.pem --private-key key.pem",
    "pass anaplan | anaplan login password --user-email me@acme.com --secret-stdin",
)
def login(
    context: typer.Context,
    way: Annotated[
        Literal["device", "browser", "certificate", "password"] | None,
        typer.Argument(metavar="WAY", help="device, browser, certificate or password."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Region of the tenant, such as eu3.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="One address for all services instead.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="OAuth client: for device and browser.")
    ] = None,
    redirect_uri: Annotated[
        str | None, typer.Option(metavar="URL", help="Redirect URI of the client: for browser.")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="PATH", help="The certificate, PEM or PKCS#12.")
    ] = None,
    private_key: Annotated[
        str | None, typer.Option(metavar="PATH", help="Private key of the certificate.")
    ] = None,
    user_email: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="The user: for password.")
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret from stdin.")
    ] = False,
    secret_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Variable that contains the secret."),
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="PATH", help="Store refresh tokens in this file.")
    ] = None,
) -> None:
    """Sign in, and store the settings in a profile.

    WAY is how you sign in: on another device with a code, in a browser, with a certificate, or
    with a password. On a terminal, what is missing is asked for. Elsewhere it is taken from the
    options, the profile and the variables ANAPLAN_....

    The profile is written only after Anaplan has accepted the sign-in. A secret (a password, the
    OAuth client's secret, the password of a private key) is stored in the system's keyring, or
    stays in the variable that --secret-env names. A refresh token is stored in the keyring, or in
    the file that --token-file names.
    """
    from anaplan_sdk import Client
    from anaplan_sdk.auth.environment import token_key
    from anaplan_sdk.auth.profiles import Profile, environment_source, profile_source
    from anaplan_sdk.auth.stores import MemoryStore
    from anaplan_sdk.cli.settings.config_file import open_config, require_writable, whole_path
    from anaplan_sdk.cli.settings.credentials import (
        find_store,
        gather,
        require_keyring_for,
        require_storable,
    )
    from anaplan_sdk.cli.settings.profiles import find_places
    from anaplan_sdk.cli.settings.sign_in_report import (
        described,
        say_what_follows,
        say_what_was_stored,
    )

    invocation = Invocation.of(context)
    invocation.state = "Nothing was stored."
    document = open_config()
    name = document.name_of_default(invocation.options.profile)
    before = document.content.profiles.get(name) or Profile()
    environment = environment_source(os.environ)
    chosen = _chosen_way(invocation, way, before)
    if chosen == "browser" and not invocation.interactive:
        raise usage_error(
            "Signing in in a browser needs a terminal.",
            "Elsewhere, use 'anaplan login device' or 'anaplan login certificate'.",
        )
    given = {
        ("device_client_id" if chosen == "device" else "client_id"): client_id,
        "redirect_uri": redirect_uri,
        "certificate": certificate,
        "private_key": private_key,
        "user_email": user_email,
    }
    if token_file and chosen in ("certificate", "password"):
        raise usage_error(f"--token-file is not used to sign in by {chosen}.")
    sources = profile_source(name, before), environment
    if not (secret_env or secret_stdin) and invocation.interactive:
        require_keyring_for(chosen, sources[0])
    place, hosts = _tenant(invocation, region, base_url, sources)
    credentials = gather(
        invocation,
        chosen,
        given,
        sources,
        secret_env=secret_env,
        secret_stdin=secret_stdin,
    )
    require_writable(document.path)
    unstored = require_storable(credentials, name)
    settings: dict[str, Any] = {**place, **credentials.settings}
    store = key = None
    if credentials.client_id:
        key = token_key(hosts, credentials.client_id)
        store, path = find_store(invocation, before, whole_path(token_file), key)
        settings.update({"token_file": path} if path else {})
    memory = MemoryStore()
    with Client(**credentials.options(hosts, memory)) as client:
        client.authenticate()
        user = client.audit.get_user("me")
        places = find_places(invocation, name, before, client)
    with ExitStack() as undo:
        if store is not None and key is not None:
            _store_token(undo, store, key, memory.load(key))
        removed = _store_profile(invocation, name, before, credentials, settings, places, undo)
    invocation.state = f"The profile {name!r} is stored."
    invocation.say(f"Signed in as {described(user)}.")
    in_keyring = [*unstored, *(["refresh token"] if store and "token_file" not in settings else [])]
    where = f"the profile {name!r} of {document.path}"
    say_what_was_stored(invocation, where, in_keyring, settings.get("token_file"), removed)
    has_model = before.model_id or "model_id" in places or environment.profile.model_id
    say_what_follows(invocation, name, has_model=bool(has_model))


@examples("anaplan logout", "anaplan logout --profile load")
def logout(context: typer.Context) -> None:
    """Remove what is stored for signing in.

    That is the refresh token of the profile's OAuth client, and the secrets that 'anaplan login'
    stored in the keyring. A session whose token is in the profile is ended at Anaplan. The other
    settings of the profile stay.

    Anaplan has no call to revoke a refresh token: one that was copied elsewhere is valid until it
    expires, or until an administrator revokes it.
    """
    from anaplan_sdk.cli.settings.config_file import editing, open_config
    from anaplan_sdk.cli.settings.stored_secrets import (
        first_sentence,
        remove_stored,
        stored_fields,
    )
    from anaplan_sdk.exceptions import TokenStoreException

    invocation = Invocation.of(context)
    invocation.state = "Nothing was changed."
    document = open_config()
    name = document.name_of_default(invocation.options.profile)
    profile = document.profile(name)
    ended = _end_session(invocation, name, profile)
    if ended:
        invocation.state = "The session was ended; what is stored may still be there."
    try:
        removed = remove_stored(name, profile)
    except (TokenStoreException, ImportError) as problem:
        what = f"What is stored for the profile {name!r} can't be removed."
        advice = f"{first_sentence(problem)} Run the command again where that works."
        raise CommandError(ExitCode.SIGN_IN, what, advice) from None
    fields = stored_fields(name, profile)
    if isinstance(profile.token, str) and ended:
        fields.append("token")
        removed.append("the token in the config file, whose session was ended at Anaplan")
    if fields:
        with editing(invocation.say) as written:
            for field in fields:
                written.unset(name, field)
    invocation.say(
        f"Removed for the profile {name!r}: {', '.join(removed)}."
        if removed
        else f"Nothing is stored for the profile {name!r}."
    )


@examples("anaplan whoami", "anaplan whoami -o json | jq -r .email")
def whoami(context: typer.Context) -> None:
    """Print who is signed in, and where.

    That is the user, the tenant's address, how the user signed in, where the credentials are from,
    and the workspace and the model that commands use.
    """
    from anaplan_sdk.cli.settings.sign_in_report import full_name

    invocation = Invocation.of(context)
    with invocation.client(model=False) as client:
        user = client.audit.get_user("me")
        workspace, model = _names(invocation, client)
    search = invocation.search
    options = search.options if search else {}
    source = search.way_source if search else None
    invocation.output.record(
        {
            "name": full_name(user),
            "email": user.email,
            "user_id": user.id,
            "tenant": options.get("base_url") or options.get("region") or "us1",
            "signed_in_with": search.way if search else None,
            "credentials_from": source.name if source else None,
            "workspace": workspace,
            "workspace_id": invocation.workspace_id,
            "model": model,
            "model_id": invocation.model_id,
        }
    )


def _end_session(invocation: Invocation, name: str, profile: Profile) -> bool:
    """End the session whose token is in a profile; return whether there was one."""
    from anaplan_sdk import Client
    from anaplan_sdk.auth.profiles import profile_source
    from anaplan_sdk.cli.settings.stored_secrets import hosts_of
    from anaplan_sdk.exceptions import AnaplanException

    token = profile_source(name, profile).get("token")
    if token is None:
        return False
    try:
        with Client(token=token, hosts=hosts_of(profile)) as client:
            client.logout()
    except AnaplanException as problem:
        invocation.say(f"Note: the session of the profile's token was not ended. {problem}")
        return False
    return True


def _names(invocation: Invocation, client: Client) -> tuple[str | None, str | None]:
    """Return the names of the workspace and the model, where there are any."""
    from anaplan_sdk.exceptions import AnaplanException

    names: list[str | None] = []
    for kind, identifier, read in (
        ("workspace", invocation.workspace_id, client.get_workspace),
        ("model", invocation.model_id, client.get_model),
    ):
        try:
            names.append(read().name if identifier else None)
        except AnaplanException as problem:
            # Who is signed in is known all the same.
            invocation.say(f"Note: the {kind} {identifier} can't be read. {problem}")
            names.append(None)
    return names[0], names[1]


def _chosen_way(invocation: Invocation, way: Way | None, profile: Profile) -> Way:
    from anaplan_sdk.auth.environment import way_of
    from anaplan_sdk.auth.profiles import profile_source
    from anaplan_sdk.cli.settings.credentials import WAYS

    known: Any = way_of(profile_source("", profile))
    if way or known in WAYS:
        return way or known
    listed = ", ".join(WAYS)
    if not invocation.interactive:
        raise usage_error(
            "This needs a way to sign in.", f"Such as 'anaplan login device': {listed}."
        )
    while True:
        answer: Any = typer.prompt(f"Sign in by ({listed})", default="device", err=True).strip()
        if answer in WAYS:
            return answer  # type: ignore[no-any-return]
        invocation.say(f"{answer!r} is none of them.")


def _tenant(
    invocation: Invocation, region: str | None, base_url: str | None, known: tuple[Source, Source]
) -> tuple[dict[str, str], Any]:
    """Return where to sign in, as settings of a profile and as hosts."""
    from anaplan_sdk.exceptions import InvalidArgumentException
    from anaplan_sdk.regions import resolve_hosts

    if region and base_url:
        raise usage_error("Give one of --region and --base-url, not both.")
    origin = None
    for each in known:
        if not (region or base_url):
            region, base_url = each.profile.region, each.profile.base_url
            origin = each
    if not (region or base_url) and invocation.interactive:
        region = typer.prompt("Region of the tenant", default="us1", err=True).strip()
    code: Any = region
    try:
        hosts = resolve_hosts(base_url=base_url, region=code, hosts=None)
    except InvalidArgumentException as problem:
        if origin is None or not (origin.profile.region or origin.profile.base_url):
            raise
        where = origin.place("base_url" if base_url else "region")
        advice = "Correct it there, or give --region or --base-url."
        raise usage_error(f"{where}: {problem}", advice) from None
    place = {"region": region, "base_url": base_url}
    return {field: value for field, value in place.items() if value}, hosts


def _store_token(undo: ExitStack, store: Any, key: str, token: str | None) -> None:
    from anaplan_sdk.auth.stores import load_from, save_to

    if token is None:
        raise CommandError(
            ExitCode.SIGN_IN,
            "Anaplan gave no refresh token, so there is nothing to store.",
            "An administrator allows refresh tokens for the OAuth client.",
        )
    before = load_from(store, key)
    undo.callback(save_to, store, key, before)
    save_to(store, key, token)


def _store_profile(
    invocation: Invocation,
    name: str,
    before: Profile,
    credentials: Credentials,
    settings: Mapping[str, Any],
    places: Mapping[str, tuple[str, str]],
    undo: ExitStack,
) -> list[str]:
    """Store secrets and the profile; return the settings of other ways, which are removed."""
    from anaplan_sdk.cli.settings.config_file import editing
    from anaplan_sdk.cli.settings.profiles import check_profile
    from anaplan_sdk.cli.settings.stored_secrets import entry_of, remove_unused, save_secret

    references: dict[str, Any] = dict(credentials.references)
    for field, secret in credentials.secrets.items():
        if field not in references:
            undo.callback(save_secret, name, field, save_secret(name, field, secret))
            references[field] = entry_of(name, field)
    removed = credentials.unused(before)
    with editing(invocation.say) as document:
        document.create(name)
        for field in removed:
            document.unset(name, field)
        if settings.keys() & _PLACES:
            for field in _PLACES - settings.keys():
                document.unset(name, field)
        for field, value in {**settings, **references}.items():
            document.set(name, field, value)
        for field, (identifier, comment) in places.items():
            document.set(name, field, identifier, comment)
        after = check_profile(document, name)
    undo.pop_all()
    remove_unused(name, before, after)
    return removed
