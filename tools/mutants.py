"""Run the tests against a fixed sample of mutants: small changes that a test should detect.

Every mutant is tried in a copy of the working tree, with the tests that `SUITES` names for its
module. A mutant of an `_async` module is mirrored, so that the tests of both clients run against
it. The report lists killed, survived and timed-out mutants by module, and shows each survivor as a
diff. The exit code is 0 whatever the score is; it is 1 when the sample can't be made or the tests
fail without a mutant.

    python tools/mutants.py                       the default sample
    python tools/mutants.py --only '_http/*'      the part of it in modules that match
    python tools/mutants.py --seed 2              another sample
    python tools/mutants.py --list                show the mutants of the sample, run nothing
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Literal

from mirror import Mirror, MirrorError
from mutations import Mutant, sample

ROOT = Path(__file__).resolve().parent.parent
SDK = "src/anaplan_sdk"

COUNT = 150
# A run of the tests takes this many times as long as without a mutant, plus the seconds, before it
# counts as timed out. A single test that blocks ends the run sooner.
PATIENCE = 4.0
GRACE_SECONDS = 60.0
BLOCKED_TEST_SECONDS = 30
BASELINE_SECONDS = 900

# The modules that decide something, by patterns below SDK, and the tests that concern them, by
# patterns below tests. A module's own tests, `test_<module>.py` in one of OWN_TESTS, come first
# without being named here. The first pattern that matches a module applies.
OWN_TESTS = ("pure", "auth", "clients/_async", "clients/_sync")
SUITES: dict[str, tuple[str, ...]] = {
    "_http/dates.py": ("pure/test_retry_policy.py", "clients/_sync/test_scim.py"),
    "_http/request_log.py": ("clients/_sync/test_logging.py",),
    "_http/reply_limits.py": ("pure/test_csv_pages.py",),
    "_http/*.py": (
        "clients/_sync/test_workspaces_and_models.py",
        "clients/_sync/test_encoded_replies.py",
        "clients/_sync/test_requests.py",
        "clients/_sync/test_limits.py",
    ),
    "_formats/fast_json.py": (
        "pure/test_json_batches.py",
        "clients/_sync/test_cells.py",
        "clients/_sync/test_lists.py",
    ),
    "_formats/gzip.py": (
        "clients/_sync/test_encoded_replies.py",
        "clients/_sync/test_audit_events.py",
        "clients/_sync/test_files.py",
    ),
    "_formats/lines.py": ("pure/test_audit.py", "clients/_sync/test_audit_events.py"),
    "_formats/*.py": (
        "clients/_sync/test_cells.py",
        "clients/_sync/test_lists.py",
        "clients/_sync/test_large_reads.py",
        "clients/_sync/test_files.py",
    ),
    "_async/transport/limiter.py": ("clients/_*/test_logging.py", "clients/_*/test_limits.py"),
    "_async/transport/model_wait.py": ("clients/_*/test_logging.py",),
    "_async/transport/polling.py": (
        "clients/_*/test_model_state.py",
        "clients/_*/test_large_reads.py",
        "clients/_*/test_actions.py",
    ),
    "_async/transport/recovery.py": (
        "clients/_*/test_logging.py",
        "clients/_*/test_starts.py",
        "clients/_*/test_alm.py",
    ),
    "_async/transport/start_ledger.py": (
        "clients/_*/test_recovery.py",
        "clients/_*/test_starts.py",
    ),
    "_async/transport/*.py": (
        "clients/_*/test_logging.py",
        "clients/_*/test_requests.py",
        "clients/_*/test_encoded_replies.py",
        "clients/_sync/test_signing_in.py",
        "clients/test_*.py",
        "clients/_*/test_audit_events.py",
        "clients/_*/test_limits.py",
        "oauth/test_closing.py",
    ),
    "_async/transfer/batch_write.py": (
        "clients/_*/test_lists.py",
        "clients/_*/test_cells.py",
        "clients/_*/test_scim.py",
    ),
    "_async/transfer/*.py": (
        "clients/_*/test_logging.py",
        "clients/_*/test_journals.py",
        "clients/test_broken_uploads.py",
        "clients/_*/test_files.py",
    ),
    "_runtime/*.py": (
        "auth/test_concurrency.py",
        "clients/test_*.py",
        "oauth/test_interrupts.py",
        "clients/_async/test_requests.py",
        "clients/_*/test_limits.py",
        "oauth/test_one_exchange.py",
    ),
    "auth/stores/lock.py": ("auth/test_stores.py", "oauth/test_processes.py"),
    "auth/stores/*.py": ("auth/test_stores.py", "auth/test_keyrings.py"),
    "auth/device.py": ("oauth/test_device_sign_in.py",),
    "auth/oauth_tokens.py": (
        "oauth/test_closing.py",
        "oauth/test_refreshing.py",
        "oauth/test_one_exchange.py",
    ),
    "auth/token_*.py": (
        "auth/test_token_cache.py",
        "auth/test_concurrency.py",
        "clients/_sync/test_signing_in.py",
        "oauth/test_one_exchange.py",
    ),
    "models/_filters.py": ("pure/test_scim.py", "pure/test_consolidation.py"),
    "models/_decoding.py": ("pure/test_listings.py", "pure/test_models.py"),
    "config.py": ("clients/_sync/test_requests.py",),
    "regions.py": (),
}

Outcome = Literal["killed", "survived", "timed out"]


class MutantsError(Exception):
    """The sample can't be made, or the tests can't judge it."""


def suites(root: Path = ROOT, table: Mapping[str, Sequence[str]] = SUITES) -> dict[str, list[str]]:
    """Find the modules and the tests that the table names.

    Args:
        root: The folder of the project.
        table: Patterns of modules, and of the tests that concern them.

    Returns:
        The paths of the tests below the root, for each module's path below the SDK.

    Raises:
        MutantsError: A pattern matches nothing.
    """
    found: dict[str, list[str]] = {}
    for pattern, tests in table.items():
        modules = [path for path in _matches(root / SDK, pattern) if path.name != "__init__.py"]
        shared = [path for test in tests for path in _matches(root / "tests", test)]
        for module in modules:
            own = [root / "tests" / folder / f"test_{module.stem}.py" for folder in OWN_TESTS]
            paths = dict.fromkeys([path for path in own if path.exists()] + shared)
            if not paths:
                raise MutantsError(f"No tests for {module.relative_to(root)}: name them in SUITES.")
            names = [path.relative_to(root).as_posix() for path in paths]
            found.setdefault(module.relative_to(root / SDK).as_posix(), names)
    return found


def _matches(folder: Path, pattern: str) -> list[Path]:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise MutantsError(
            f"{folder.name}/{pattern} matches no file: correct SUITES in tools/mutants.py."
        )
    return paths


class Sandbox:
    """A copy of the working tree to try mutants in.

    Attributes:
        root: The folder of the copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def fill(self) -> None:
        """Copy what git tracks or would track.

        Raises:
            MutantsError: Python doesn't import the SDK from the copy.
        """
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(
            listing, cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
        ).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)
        # By the hash of their source, compiled files can't be mistaken for a mutant's.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(self.root / "src", quiet=2, invalidation_mode=mode)
        _, output = self._run(["-c", "import anaplan_sdk; print(anaplan_sdk.__file__)"], 60)
        if not output.startswith(str(self.root)):
            raise MutantsError(f"The tests would not use the copy in {self.root}, but {output}")

    def test_mutant(self, mutant: Mutant, tests: Sequence[str], timeout: float) -> Outcome:
        """Run tests against a mutant.

        Args:
            mutant: The change.
            tests: Paths of tests below the root.
            timeout: Seconds after which they are ended.
        """
        path = self.root / SDK / mutant.module
        path.write_text(mutant.after, encoding="utf-8")
        try:
            self._mirror(path)
            code, output = self.test(tests, timeout)
        except MirrorError:
            return "killed"
        finally:
            path.write_text(mutant.before, encoding="utf-8")
            self._mirror(path)
        if code is None or "Failed: Timeout" in output:
            return "timed out"
        return "killed" if code else "survived"

    def test(self, tests: Sequence[str], timeout: float) -> tuple[int | None, str]:
        """Run tests until the first fails.

        Args:
            tests: Paths of tests below the root.
            timeout: Seconds after which they are ended.

        Returns:
            The exit code, None if they took too long, and what they printed.
        """
        options = ["-x", "-q", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider"]
        limits = ["--hypothesis-seed=0", f"--timeout={BLOCKED_TEST_SECONDS}"]
        return self._run(["-m", "pytest", *options, *limits, *tests], timeout)

    def stop(self) -> None:
        """End the tests that run, and what they started, and run no others."""
        self._is_stopped = True
        if self._process is not None:
            _end(self._process)

    def _mirror(self, path: Path) -> None:
        folder = path.parent.relative_to(self.root).as_posix()
        if "_async" in folder:
            # Only the module's folder is mirrored, which doesn't use every rule.
            Mirror(self.root, {folder: folder.replace("_async", "_sync")}).write()

    def _run(self, arguments: Sequence[str], timeout: float) -> tuple[int | None, str]:
        if self._is_stopped:
            raise MutantsError("Stopped.")
        environment = os.environ | {
            "PYTHONPATH": str(self.root / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            _end(process)
        return process.returncode, output


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and those that it left behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Runner:
    """Tries mutants in several sandboxes at a time."""

    def __init__(self, sandboxes: Sequence[Sandbox]) -> None:
        self._sandboxes = sandboxes
        self._free: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        for sandbox in sandboxes:
            self._free.put(sandbox)

    def try_all(
        self, mutants: Sequence[Mutant], tests: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[Mutant, Outcome]]:
        """Try mutants and yield what became of each, in the order in which they end.

        Args:
            mutants: What to try.
            tests: The paths of the tests of each module.

        Raises:
            MutantsError: The tests of a module fail without a mutant.
        """
        files = sorted({path for mutant in mutants for path in tests[mutant.module]})
        with ThreadPoolExecutor(len(self._sandboxes)) as pool:
            try:
                print(f"Running {len(files)} test files without a mutant", flush=True)
                seconds = dict(zip(files, pool.map(self._time, files), strict=True))
                trials: dict[Future[Outcome], Mutant] = {}
                for mutant in mutants:
                    paths = tests[mutant.module]
                    timeout = GRACE_SECONDS + PATIENCE * sum(seconds[path] for path in paths)
                    trials[pool.submit(self._test, mutant, paths, timeout)] = mutant
                for trial in as_completed(trials):
                    yield trials[trial], trial.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for sandbox in self._sandboxes:
                    sandbox.stop()

    def _time(self, path: str) -> float:
        sandbox = self._free.get()
        try:
            started = time.monotonic()
            # Once more if they fail, since a busy machine may have been too slow for them.
            if sandbox.test([path], BASELINE_SECONDS)[0] != 0:
                code, output = sandbox.test([path], BASELINE_SECONDS)
                if code != 0:
                    raise MutantsError(f"{path} fails without a mutant:\n{output}")
            return time.monotonic() - started
        finally:
            self._free.put(sandbox)

    def _test(self, mutant: Mutant, tests: Sequence[str], timeout: float) -> Outcome:
        sandbox = self._free.get()
        try:
            return sandbox.test_mutant(mutant, tests, timeout)
        finally:
            self._free.put(sandbox)


def report(outcomes: Mapping[Mutant, Outcome], seconds: float) -> Iterator[str]:
    """Sum up what became of the mutants, by module, with the survivors.

    Args:
        outcomes: What became of each.
        seconds: How long it took.
    """
    columns: tuple[Outcome, ...] = ("killed", "survived", "timed out")
    row = "{:<36}{:>8}{:>10}{:>11}"
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for mutant, outcome in outcomes.items():
        counts[mutant.module][outcome] += 1
    yield row.format("module", *columns)
    for module in sorted(counts):
        yield row.format(module, *(counts[module][column] for column in columns))
    for mutant, outcome in outcomes.items():
        if outcome == "survived":
            yield f"\n{mutant.diff}"
    total = Counter(outcomes.values())
    share = 1 - total["survived"] / max(1, len(outcomes))
    amounts = ", ".join(f"{total[column]} {column}" for column in columns)
    yield f"\n{len(outcomes)} mutants: {amounts}; {share:.0%} detected in {seconds / 60:.0f} min"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the sample and print the report.

    Args:
        arguments: The command line, that of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Run the tests against a sample of mutants.")
    parser.add_argument("--count", type=int, default=COUNT, help="how many mutants, about")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="modules to try")
    parser.add_argument("--seed", default="1", help="any text, for another sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="show the sample, run nothing")
    options = parser.parse_args(arguments)
    # So that the tests are ended with this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(options)
    except MutantsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    tests = suites()
    sources = {module: (ROOT / SDK / module).read_text("utf-8") for module in tests}
    everything = sample(sources, options.count, options.seed)
    mutants = [mutant for mutant in everything if fnmatch(mutant.module, options.only)]
    if not mutants:
        raise MutantsError(f"{options.only} matches none of these modules: {', '.join(tests)}")
    if options.list:
        print("\n\n".join(mutant.diff for mutant in mutants))
        return
    started = time.monotonic()
    outcomes: dict[Mutant, Outcome] = {}
    show = partial(print, flush=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        sandboxes = [Sandbox(Path(folder).resolve() / str(job)) for job in range(options.jobs)]
        for sandbox in sandboxes:
            sandbox.fill()
        for mutant, outcome in Runner(sandboxes).try_all(mutants, tests):
            outcomes[mutant] = outcome
            show(f"{len(outcomes):>4}/{len(mutants)} {outcome:<9} {mutant}")
    ordered = {mutant: outcomes[mutant] for mutant in mutants}
    show("", *report(ordered, time.monotonic() - started), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
