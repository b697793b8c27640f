"""Profiles of the config file: `anaplan profile`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.failures import usage_error
from anaplan_sdk.cli.invocation import Invocation
from anaplan_sdk.cli.name_completion import profile_names

if TYPE_CHECKING:
    from anaplan_sdk.auth.profiles import Profile
    from anaplan_sdk.cli.settings.config_file import ConfigDocument

_NAMED = Annotated[
    str, typer.Argument(metavar="NAME", help="The profile.", autocompletion=profile_names)
]
_NAME = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="The profile; by default the default one.",
        autocompletion=profile_names,
    ),
]
_COLUMNS = ("name", "default", "sign_in", "tenant", "workspace", "model")
# Only one of them can be set.
_PLACES = ("region", "base_url")


@examples("anaplan profile ls", "anaplan profile ls -o json | jq -r '.[].name'")
def ls(context: typer.Context) -> None:
    """List the profiles.

    A workspace or a model is shown by the name that it had when it was stored.
    """
    from anaplan_sdk.auth.environment import way_of
    from anaplan_sdk.auth.profiles import profile_source
    from anaplan_sdk.cli.settings.config_file import open_config

    invocation = Invocation.of(context)
    document = open_config()
    content = document.content
    if not content.profiles:
        invocation.say(f"There are no profiles in {document.path}: 'anaplan login' creates one.")
    invocation.output.rows(
        (
            {
                "name": name,
                "default": name == content.default_profile,
                "sign_in": way_of(profile_source(name, profile)),
                "tenant": profile.base_url or profile.region,
                "workspace": document.comment(name, "workspace_id") or profile.workspace_id,
                "model": document.comment(name, "model_id") or profile.model_id,
                "workspace_id": profile.workspace_id,
                "model_id": profile.model_id,
            }
            for name, profile in content.profiles.items()
        ),
        _COLUMNS,
    )


@examples("anaplan profile show", "anaplan profile show load -o json")
def show(context: typer.Context, name: _NAME = None) -> None:
    """Print a profile, with secrets masked.

    Secrets that are stored elsewhere are shown by their place: a variable or the keyring. Of a
    variable, the table says whether it is set.
    """
    from anaplan_sdk.auth.profiles import Variable, profile_source
    from anaplan_sdk.cli.settings.config_file import open_config
    from anaplan_sdk.cli.settings.masking import shown

    invocation = Invocation.of(context)
    document = open_config()
    name = document.name_of_default(name or invocation.options.profile)
    record: dict[str, Any] = {"name": name}
    profile = document.profile(name)
    source = profile_source(name, profile)
    is_table = invocation.options.output in (None, "table")
    for field, value in profile:
        if value is None:
            continue
        record[field] = shown(field, value)
        if is_table and isinstance(value, Variable):
            record[field] += " (set)" if source.get(field) else " (not set)"
        if field in ("workspace_id", "model_id") and (comment := document.comment(name, field)):
            record[field.removesuffix("_id")] = comment
    invocation.output.record(record)


@examples("anaplan profile use load", "anaplan profile use me && anaplan whoami")
def use(context: typer.Context, name: _NAMED) -> None:
    """Make a profile the default.

    Commands use it without --profile, after the environment variables.
    """
    from anaplan_sdk.cli.settings.config_file import editing

    invocation = Invocation.of(context)
    with editing(invocation.say) as document:
        document.profile(name)
        document.set_default(name)
    invocation.say(f"The default profile is {name!r}.")


@examples(
    "anaplan profile set -w 'Network Planning' -m 'Flight Operations'",
    "anaplan profile set report --user-email me@acme.com --secret-env password=PW",
    "anaplan profile set load --region eu3 --unset base_url",
)
def set_(
    context: typer.Context,
    name: _NAME = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Region of the tenant, such as eu3.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="One address for all services instead.")
    ] = None,
    user_email: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="User who signs in with a password.")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="PATH", help="Certificate to sign in with.")
    ] = None,
    private_key: Annotated[
        str | None, typer.Option(metavar="PATH", help="Private key of the certificate.")
    ] = None,
    certificate_payload: Annotated[
        Literal["auto", "v1", "v2"] | None,
        typer.Option(metavar="FORM", help="What the key signs: auto, v1 or v2."),
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="OAuth client for the browser.")
    ] = None,
    redirect_uri: Annotated[
        str | None, typer.Option(metavar="URL", help="Redirect URI of that client.")
    ] = None,
    device_client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="OAuth client for devices.")
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="PATH", help="File for refresh tokens.")
    ] = None,
    keyring_service: Annotated[
        str | None, typer.Option(metavar="NAME", help="Service name in the keyring.")
    ] = None,
    secret_env: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=NAME", help="Read a secret from the variable NAME."),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Remove a setting.")
    ] = None,
) -> None:
    """Change settings of a profile, or create it.

    The workspace and the model of the profile are those of -w and -m. A name is looked up once,
    with the profile's own credentials, and stored as an id; the name becomes a comment.

    Secrets are not options. 'anaplan login' stores them in the keyring, and --secret-env names the
    variable that a secret is in, such as --secret-env password=REPORT_PASSWORD.
    """
    from anaplan_sdk.cli.settings.config_file import editing, open_config, whole_path
    from anaplan_sdk.cli.settings.stored_secrets import remove_unused

    invocation = Invocation.of(context)
    invocation.state = "Nothing was changed."
    values: dict[str, Any] = {
        "region": region,
        "base_url": base_url,
        "user_email": user_email,
        "certificate": whole_path(certificate),
        "private_key": whole_path(private_key),
        "certificate_payload": certificate_payload,
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "device_client_id": device_client_id,
        "token_file": whole_path(token_file),
        "keyring_service": keyring_service,
    }
    values = {field: value for field, value in values.items() if value is not None}
    if empty := [field for field, value in values.items() if not value]:
        raise usage_error(f"{empty[0]} is empty.", f"--unset {empty[0]} removes it.")
    values.update(_references(secret_env or []))
    removed = _fields(unset or [])
    options = invocation.options
    if not (values or removed or options.workspace or options.model):
        raise usage_error("There is nothing to set.", "Try 'anaplan profile set --help'.")
    if region and base_url:
        raise usage_error("Give one of --region and --base-url, not both.")
    removed += [other for other in _PLACES if (region or base_url) and other not in values]

    document = open_config()
    target = document.name_of_default(name or options.profile)
    before = document.content.profiles.get(target)
    removed = [each for each in removed if getattr(before, each, None) is not None]

    def change(changed: ConfigDocument) -> Profile:
        changed.create(target)
        for field in removed:
            changed.unset(target, field)
        for field, value in values.items():
            changed.set(target, field, value)
        return check_profile(changed, target)

    places = find_places(invocation, target, change(document))
    with editing(invocation.say) as written:
        change(written)
        for field, (identifier, comment) in places.items():
            written.set(target, field, identifier, comment)
    invocation.state = f"The profile {target!r} is changed."
    if before is not None:
        remove_unused(target, before, written.content.profiles[target])
    found = [f"{field} ({text})" if text else field for field, (_, text) in places.items()]
    set_now = [*values, *found]
    done = [f"set {', '.join(set_now)}"] if set_now else []
    done += [f"removed {', '.join(removed)}"] if removed else []
    invocation.say(f"Profile {target!r} in {written.path}: {'; '.join(done) or 'no change'}.")


@examples("anaplan profile rm old", "anaplan profile rm old --yes")
def rm(context: typer.Context, name: _NAMED) -> None:
    """Remove a profile.

    What 'anaplan login' stored for it in the keyring is removed as well, and its refresh token,
    unless another profile uses the same one.
    """
    from anaplan_sdk.cli.settings.config_file import editing, open_config
    from anaplan_sdk.cli.settings.stored_secrets import first_sentence, remove_stored
    from anaplan_sdk.exceptions import AnaplanException

    invocation = Invocation.of(context)
    invocation.state = "Nothing was changed."
    before = open_config()
    profile = before.profile(name)
    invocation.confirm(f"Remove the profile {name!r} from {before.path}?")
    with editing(invocation.say) as document:
        document.profile(name)
        was_default = document.content.default_profile == name
        document.remove(name)
        others = document.content.profiles
    invocation.state = f"The profile {name!r} is removed."
    removed = [f"the profile {name!r}"]
    try:
        removed += remove_stored(name, profile, others)
    except (AnaplanException, ImportError) as problem:
        invocation.say(
            f"Note: what is stored elsewhere could not be removed. {first_sentence(problem)}"
        )
    invocation.say(f"Removed {', '.join(removed)}.")
    if was_default and others:
        invocation.say("There is no default profile now: 'anaplan profile use NAME' chooses one.")


@examples("anaplan profile path", 'cat "$(anaplan profile path)"')
def path(context: typer.Context) -> None:
    """Print the path of the config file.

    There need not be a file yet. The variable ANAPLAN_CONFIG_FILE names another one.
    """
    from anaplan_sdk.auth.profiles import config_file

    invocation = Invocation.of(context)
    found = str(config_file(os.environ))
    if invocation.options.output in (None, "table"):
        invocation.output.data([f"{found}\n".encode()])
    else:
        invocation.output.record({"path": found})


def check_profile(document: ConfigDocument, name: str) -> Profile:
    """Check a profile that was changed.

    Args:
        document: The config file.
        name: Name of the profile.

    Returns:
        The profile.

    Raises:
        InvalidArgumentException: A setting is not valid.
    """
    from anaplan_sdk.regions import resolve_hosts

    profile = document.check().profiles[name]
    region: Any = profile.region
    resolve_hosts(base_url=profile.base_url, region=region, hosts=None)
    return profile


def find_places(
    invocation: Invocation, name: str, profile: Profile, client: Any = None
) -> dict[str, tuple[str, str]]:
    """Find the workspace and the model that the global options name.

    Args:
        invocation: The run of the command.
        name: Name of the profile.
        profile: The profile, which need not be in the file.
        client: A client that is signed in; by default one is made from the profile.

    Returns:
        Their ids and names, by the field of the profile. The name is empty where an id was given,
        which is not looked up.

    Raises:
        AnaplanException: A name was not found, or signing in failed.
    """
    from anaplan_sdk import Client
    from anaplan_sdk.auth.profiles import environment_source, profile_source
    from anaplan_sdk.cli.missing_credentials import require_credentials, search_quietly
    from anaplan_sdk.cli.references import is_guid

    given = {"workspaces": invocation.options.workspace, "models": invocation.options.model}
    named = {kind: reference for kind, reference in given.items() if reference}
    if client is not None or all(map(is_guid, named.values())):
        return _looked_up(client, named, profile.workspace_id)
    search = search_quietly(
        [profile_source(name, profile), environment_source()], may_ask=invocation.interactive
    )
    require_credentials(search, invocation.login_line)
    options = {
        option: value
        for option, value in search.options.items()
        if option not in ("workspace_id", "model_id")
    }
    with Client(**options) as own:
        return _looked_up(own, named, profile.workspace_id)


def _looked_up(
    client: Any, references: dict[str, str], workspace_id: str | None
) -> dict[str, tuple[str, str]]:
    from anaplan_sdk.cli import references as finding

    places: dict[str, tuple[str, str]] = {}
    for kind, reference in references.items():
        field = f"{finding.singular(kind)}_id"
        if finding.is_guid(reference):
            places[field] = reference, ""
        else:
            objects = finding.named(kind, client, workspace_id)
            found = finding.choose(objects, reference, finding.singular(kind))
            places[field] = str(found.id), found.name
        if kind == "workspaces":
            workspace_id = places[field][0]
    return places


def _references(given: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the places of secrets that `--secret-env` names."""
    from anaplan_sdk.auth.profiles import Profile

    secrets = [name for name, field in Profile.model_fields.items() if not field.repr]
    found: dict[str, dict[str, str]] = {}
    for each in given:
        field, _, variable = each.partition("=")
        field = field.replace("-", "_")
        # The text is not quoted: someone may have written the secret itself.
        if field not in secrets:
            raise usage_error(
                "--secret-env takes FIELD=NAME, and its FIELD is none with a secret.",
                f"Those are {', '.join(secrets)}.",
            )
        if not re.fullmatch(r"[A-Za-z_]\w*", variable):
            raise usage_error(
                "--secret-env takes FIELD=NAME, and its NAME can't be that of a variable.",
                f"Such as --secret-env {field}=MY_{field.upper()}; not the secret itself.",
            )
        found[field] = {"env": variable}
    return found


def _fields(given: Sequence[str]) -> list[str]:
    from anaplan_sdk.auth.profiles import Profile

    fields = [each.replace("-", "_") for each in given]
    for field in fields:
        if field not in Profile.model_fields:
            known = ", ".join(Profile.model_fields)
            raise usage_error(f"There is no setting {field!r}.", f"There are: {known}.")
    return fields
