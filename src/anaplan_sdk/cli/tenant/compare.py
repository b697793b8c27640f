"""`anaplan tenant compare`."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from anaplan_sdk.cli.command import examples
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.invocation import Invocation

if TYPE_CHECKING:
    from anaplan_emulator import Emulator, TenantDescription
    from anaplan_sdk import Client
    from anaplan_sdk.cli.tenant.comparison.comparison import Comparison
    from anaplan_sdk.cli.tenant.comparison.probe import Probe
    from anaplan_sdk.cli.tenant.comparison.sides import Side

_ROLES = ("tenant_admin", "tenant_auditor", "user_admin", "integration_admin")
# After as many probes without a reply the live tenant is taken to be out of reach.
_MOST_UNREACHABLE = 3


@examples(
    "anaplan tenant compare --profile prod -m 'Sales Plan' --report comparison",
    "anaplan tenant compare -m 'Sales Plan' --tenant captured/tenant.yaml -o json",
    "anaplan tenant compare -m 'Sales Plan' --write-model Scratch --report out",
)
def compare(
    context: typer.Context,
    write_model: Annotated[
        str | None,
        typer.Option(
            "--write-model",
            metavar="REF",
            help="A scratch model, to which the run may write: name or id. See --scratch-help.",
        ),
    ] = None,
    tenant: Annotated[
        Path | None,
        typer.Option(
            "--tenant",
            metavar="FILE",
            help="A tenant file for the emulator, instead of capturing the model.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="DIR",
            help="Write comparison.json and comparison.md, to be attached to an issue.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--probe", metavar="NAME", help="Run only this probe; may be repeated."),
    ] = None,
    fail_on_difference: Annotated[
        bool, typer.Option("--fail-on-difference", help="Exit with 1 if there is a difference.")
    ] = False,
    list_probes: Annotated[
        bool, typer.Option("--list-probes", help="List the probes, and send nothing.")
    ] = False,
    scratch_help: Annotated[
        bool, typer.Option("--scratch-help", help="Print what a scratch model must contain.")
    ] = False,
) -> ExitCode:
    """Report where an emulator differs from a real model.

    Makes the same calls on your tenant and on an emulator that is started from a capture of the
    model, and compares statuses, headers, members, types and order. Values are compared only where
    Anaplan defines them, such as the states of a task. The report contains nothing that identifies
    your tenant.

    It only reads, unless --write-model names a scratch model. What it writes there is deleted at
    the end, also after Ctrl-C.
    """
    invocation = Invocation.of(context)
    if scratch_help:
        from anaplan_sdk.cli.tenant.comparison.scratch import SCRATCH_HELP

        print(SCRATCH_HELP, end="")
        return ExitCode.DONE
    if list_probes:
        _list_probes(invocation)
        return ExitCode.DONE
    probes = _chosen(only or (), may_write=write_model is not None)
    _require_emulator()
    if tenant is not None and not tenant.is_file():
        raise usage_error(f"{tenant} is not a file.", "--tenant takes a tenant file.")
    if report is not None and report.exists() and not report.is_dir():
        raise usage_error(f"{report} is not a folder.", "--report takes a folder.")
    run = _Run(invocation, tenant)
    with ExitStack() as stack:
        if not invocation.options.verbose:
            stack.enter_context(_quiet_log())
        run.prepare(stack, write_model)
        is_complete = run.send(probes)
    return run.finish(report, is_complete=is_complete, fails=fail_on_difference)


@dataclass(frozen=True)
class _Target:
    """A workspace and a model of the live tenant."""

    workspace_id: str
    model_id: str


class _Run:
    """A run of the command: both sides, and what was found.

    Args:
        invocation: The run of the command line.
        tenant: The tenant file, or None to capture the model.
    """

    def __init__(self, invocation: Invocation, tenant: Path | None) -> None:
        self._invocation = invocation
        self._tenant = tenant
        self._comparisons: dict[bool, Comparison] = {}
        self._interrupted: BaseException | None = None
        self._unreachable = 0

    def prepare(self, stack: ExitStack, write_model: str | None) -> None:
        """Find the models, capture, and start the emulators.

        Args:
            stack: What is closed at the end.
            write_model: The scratch model.
        """
        from anaplan_sdk.cli.tenant.comparison.sides import Side

        invocation = self._invocation
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="anaplan-compare-")))
        with invocation.client() as client:
            main = _Target(_workspace_of(client, invocation), str(invocation.model_id))
            scratch = _scratch(invocation, client, write_model, main)
            path = self._tenant or _capture(invocation, stack, client, main, folder)
        options, _ = invocation.client_options()
        # Errors are compared rather than waited for. What Retry-After asks for is waited.
        live = stack.enter_context(Side.opened({**options, "backoff": 0.2}))
        self._comparisons[False] = _comparison(stack, live, main, path)
        if scratch is not None:
            from anaplan_emulator import TenantDescription
            from anaplan_sdk.cli.tenant.comparison.scratch import scratch_tenant

            described = TenantDescription.model_validate(scratch_tenant())
            self._comparisons[True] = _comparison(stack, live, scratch, described)
            _check_empty(self._comparisons[True])

    def send(self, probes: Sequence[Probe]) -> bool:
        """Run the probes, and undo what they did.

        Args:
            probes: The probes.

        Returns:
            Whether all were run.
        """
        from anaplan_sdk.progress import Progress

        invocation = self._invocation
        try:
            with invocation.progress("Comparing") as show:
                for number, probe in enumerate(probes):
                    self._set_state(probe)
                    if not self._run(probe):
                        return False
                    show(Progress("read", number + 1, len(probes)))
        except KeyboardInterrupt as interrupt:
            self._interrupted = interrupt
            return False
        finally:
            for comparison in self._comparisons.values():
                comparison.undo()
            invocation.state = "What the run wrote was deleted." if self._has_scratch else ""
        return True

    @property
    def _has_scratch(self) -> bool:
        return True in self._comparisons

    def _set_state(self, probe: Probe) -> None:
        if probe.writes:
            self._invocation.state = "The run had begun to write to the scratch model."

    def _run(self, probe: Probe) -> bool:
        """Run a probe; return whether the live tenant can be reached."""
        result = self._comparisons[probe.writes].run(probe)
        lost = result.verdict == "failed" and "Connection" in result.text
        self._unreachable = self._unreachable + 1 if lost else 0
        return self._unreachable < _MOST_UNREACHABLE

    def finish(self, folder: Path | None, *, is_complete: bool, fails: bool) -> ExitCode:
        """Print and write what was found.

        Args:
            folder: The folder of the report, if one is written.
            is_complete: Whether all probes were run.
            fails: Whether a difference is a failure.

        Returns:
            The exit code.

        Raises:
            KeyboardInterrupt: The run was interrupted.
        """
        from anaplan_sdk.cli.tenant.comparison.report import Report

        invocation = self._invocation
        report = Report(list(self._comparisons.values()), is_complete=is_complete)
        report.show(invocation.output, invocation.options.output)
        if folder is not None:
            files = report.write(folder)
            invocation.say(f"Written: {', '.join(map(str, files))}")
        for left in report.left:
            invocation.say(f"Not deleted from the scratch model: {left}")
        if report.left:
            invocation.state = "Not everything that the run wrote could be deleted."
        if self._interrupted is not None:
            raise KeyboardInterrupt from self._interrupted
        if not is_complete:
            raise CommandError(
                ExitCode.UNREACHABLE,
                "The live tenant could not be reached any more; the other probes were not run.",
                "The command can be repeated.",
            )
        if folder is None:
            invocation.say("--report DIR writes this as files to attach to an issue.")
        return ExitCode.FAILED if fails and report.has_differences else ExitCode.DONE


def _list_probes(invocation: Invocation) -> None:
    from anaplan_sdk.cli.tenant.comparison.probes import READING, WRITING

    rows = [
        {
            "probe": each.name,
            "writes": each.writes,
            "statement": each.statement,
            "source": each.anchor,
        }
        for each in (*READING, *WRITING)
    ]
    columns = ("probe", "writes", "statement")
    invocation.output.rows(rows, columns)


def _chosen(only: Sequence[str], *, may_write: bool) -> list[Probe]:
    from anaplan_sdk.cli.tenant.comparison.probes import READING, WRITING

    known = {each.name: each for each in (*READING, *WRITING)}
    for name in only:
        if name not in known:
            near = get_close_matches(name.casefold().replace("_", "-"), known, 1)
            message = f"{name!r} is not a probe" + (f"; did you mean {near[0]!r}?" if near else ".")
            raise usage_error(message, "--list-probes lists them.")
        if known[name].writes and not may_write:
            raise usage_error(
                f"The probe {name!r} writes: it needs --write-model.",
                "--scratch-help prints what that model must contain.",
            )
    probes = (*READING, *WRITING) if may_write else READING
    return [each for each in probes if not only or each.name in only]


def _require_emulator() -> None:
    try:
        import_module("anaplan_emulator.emulator")
    except ImportError as problem:
        raise CommandError(
            ExitCode.FAILED,
            f"The comparison needs the emulator: pip install 'anaplan-sdk[emulator]' ({problem})",
        ) from None


@contextmanager
def _quiet_log() -> Generator[None]:
    """Keep out notes of the SDK: they may quote the tenant's names."""
    logger = logging.getLogger("anaplan_sdk")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _workspace_of(client: Client, invocation: Invocation) -> str:
    if invocation.workspace_id:
        return invocation.workspace_id
    return str(client.get_model().workspace_id)


def _scratch(
    invocation: Invocation, client: Client, reference: str | None, main: _Target
) -> _Target | None:
    """Return the scratch model, after a confirmation."""
    from anaplan_sdk.cli.references import find_id

    if reference is None:
        return None
    model_id = find_id(client, ("models",), reference)
    if model_id == main.model_id:
        raise usage_error(
            "The scratch model is the model that is compared; nothing was sent to it.",
            "--write-model names another model, which contains nothing else: --scratch-help.",
        )
    workspace = str(client.with_model(model_id).get_model().workspace_id)
    invocation.confirm(f"Write to the model {reference!r}, and delete at the end what was written?")
    return _Target(workspace, model_id)


def _capture(
    invocation: Invocation, stack: ExitStack, client: Client, main: _Target, folder: Path
) -> Path:
    from anaplan_sdk.cli.tenant.capturing.capture_state import delete_state
    from anaplan_sdk.cli.tenant.capturing.model_capture import capture_model
    from anaplan_sdk.cli.tenant.capturing.options import CaptureOptions

    options = CaptureOptions(data="sample", file_format="json")
    # If it is interrupted, nobody can continue it: its folder is deleted.
    stack.callback(delete_state, folder)
    with invocation.progress("Capturing the model"):
        found = capture_model(client, main.workspace_id, main.model_id, folder, options)
    _grant_roles(found.tenant_file)
    return found.tenant_file


def _grant_roles(path: Path) -> None:
    """Grant the emulator's user the roles of the APIs that are compared.

    A capture does not show which of them the live user has. What that user may not read is not
    compared.
    """
    tenant = json.loads(path.read_text(encoding="utf-8"))
    users = tenant["users"]
    name = tenant.get("default_user") or users[0]["email"]
    for user in users:
        if user["email"] == name:
            user["roles"] = list(_ROLES)
    path.write_text(json.dumps(tenant), encoding="utf-8")


def _comparison(
    stack: ExitStack, live: Side, main: _Target, tenant: Path | TenantDescription
) -> Comparison:
    """Start an emulator, and return the comparison with it."""
    from anaplan_emulator import Emulator, TenantError
    from anaplan_sdk.cli.tenant.comparison.comparison import Comparison
    from anaplan_sdk.cli.tenant.comparison.sides import Side

    try:
        emulator = stack.enter_context(Emulator(tenant))
    except TenantError as problem:
        raise usage_error(f"The tenant file is not valid: {problem}") from None
    options = {
        "base_url": emulator.base_url,
        "user_email": emulator.user_email,
        "password": emulator.password,
        "retry_count": 0,
    }
    side = stack.enter_context(Side.opened(options))
    workspace, model = _counterpart(side, main, emulator)
    ids = {"workspaceId": (main.workspace_id, workspace), "modelId": (main.model_id, model)}
    return Comparison(live, side, ids, emulator.settings)


def _counterpart(side: Side, main: _Target, emulator: Emulator) -> tuple[str, str]:
    """Return the ids of the emulator's workspace and model that correspond to the live ones."""
    from anaplan_sdk.cli.tenant.comparison.replies import Call

    rows = side.send(Call("/2/0/models"), {}).rows("models")
    for row in rows:
        if row.get("id") == main.model_id:
            return str(row["currentWorkspaceId"]), main.model_id
    if not emulator.workspace_id or not emulator.model_id:
        raise usage_error("The tenant file describes no model.", "--tenant takes another one.")
    return emulator.workspace_id, emulator.model_id


def _check_empty(comparison: Comparison) -> None:
    """Check that the scratch model's list has no items, which a mistake might change."""
    from anaplan_sdk.cli.tenant.comparison.findings import NotApplicable
    from anaplan_sdk.cli.tenant.comparison.replies import Call

    path = "/2/0/models/{modelId}/lists/{probeListId}/items"
    try:
        reply = comparison.send(0, Call(path), is_fresh=True)
    except NotApplicable as reason:
        text = str(reason)
        raise usage_error(
            f"{text[0].upper()}{text[1:]}.", "--scratch-help prints what the model must contain."
        ) from None
    if reply.rows("listItems"):
        raise usage_error(
            "The list 'Probe' of the scratch model has items; nothing was written.",
            "Delete them, or name another model.",
        )
