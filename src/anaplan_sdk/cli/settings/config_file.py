"""Changing the config file: its comments, order and format stay as they are."""

from __future__ import annotations

import os
import re
import stat
import time
import tomllib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error

if TYPE_CHECKING:
    from anaplan_sdk.auth.profiles import ConfigFile, Profile

# Seconds to wait for another process that changes the file, and between two looks at it.
_LONGEST_WAIT = 10.0
_PAUSE = 0.05
_OTHER_WRITERS = stat.S_IWGRP | stat.S_IWOTH


class ConfigDocument:
    """The config file, with its comments.

    Args:
        path: Path of the file; there need not be one.

    Raises:
        InvalidArgumentException: The file can't be read, or is not valid.
    """

    def __init__(self, path: Path) -> None:
        import tomlkit

        from anaplan_sdk.auth.profiles import read_config

        self.path = path
        self.exists = read_config(path) is not None
        # As bytes, so that the line ends stay.
        self._before = path.read_bytes().decode() if self.exists else ""
        try:
            self._document: Any = tomlkit.parse(self._before)
        except ValueError:  # Unlike the SDK, it can't read that.
            raise self._unchangeable() from None

    @property
    def content(self) -> ConfigFile:
        """The content, as the SDK reads it.

        Raises:
            InvalidArgumentException: A change made it invalid.
        """
        from anaplan_sdk.auth.profiles import parse_config

        return parse_config(self.text, self.path)

    @property
    def text(self) -> str:
        """The text of the file."""
        import tomlkit

        return tomlkit.dumps(self._document)

    @property
    def is_changed(self) -> bool:
        """Whether the file has to be written."""
        return self.text != self._before

    def name_of_default(self, given: str | None) -> str:
        """Return the profile that a command is about.

        Args:
            given: The profile that was given.

        Returns:
            That; or the one that `ANAPLAN_PROFILE` or the file names; or `default`.
        """
        named = given or os.environ.get("ANAPLAN_PROFILE", "").strip()
        return named or self.content.default_profile or "default"

    def profile(self, name: str) -> Profile:
        """Return a profile.

        Args:
            name: Its name.

        Returns:
            The profile.

        Raises:
            CommandError: There is none.
        """
        profiles = self.content.profiles
        if name not in profiles:
            known = ", ".join(sorted(profiles)) or "none"
            what = f"{str(self.path)!r} has no profile {name!r}" if self.exists else ""
            raise CommandError(
                ExitCode.USAGE,
                f"{what}; it has: {known}."
                if what
                else f"There is no profile {name!r}: {str(self.path)!r} doesn't exist.",
                "'anaplan login' or 'anaplan profile set' creates a profile.",
            )
        return profiles[name]

    def comment(self, profile: str, field: str) -> str:
        """Return the comment behind a setting, such as the name of a workspace.

        Args:
            profile: The profile.
            field: The field.

        Returns:
            The comment, without its mark.
        """
        item = self._table(profile).get(field)
        return str(item.trivia.comment).lstrip("# ").strip() if item is not None else ""

    def set(
        self, profile: str, field: str, value: str | Mapping[str, str], comment: str | None = None
    ) -> None:
        """Set a field of a profile, and create the profile if there is none.

        Args:
            profile: The profile.
            field: The field.
            value: The value, or the place of a secret.
            comment: A comment behind it; None keeps the one that is there, if any.
        """
        import tomlkit

        table = self._table(profile, create=True)
        if isinstance(value, str):
            item: Any = tomlkit.item(value)
        else:
            pairs = (f"{key} = {tomlkit.item(text).as_string()}" for key, text in value.items())
            item = tomlkit.value(f"{{ {', '.join(pairs)} }}")
        if field in table:
            table[field] = item
        else:
            # Comments at the end of a table are about the next one.
            trailing = _trailing(table)
            table[field] = item
            table.value.body.extend(trailing)
        if comment is not None:
            trivia = table[field].trivia
            trivia.comment_ws = " " if comment else ""
            trivia.comment = f"# {printable(comment)}" if comment else ""

    def unset(self, profile: str, field: str) -> None:
        """Remove a field of a profile, if it is set.

        Args:
            profile: The profile.
            field: The field.
        """
        self._table(profile).pop(field, None)

    def create(self, profile: str) -> None:
        """Create a profile without settings, unless there is one.

        Args:
            profile: The profile. The first one becomes the default.
        """
        self._table(profile, create=True)

    def remove(self, profile: str) -> None:
        """Remove a profile; if it is the default, there is none afterwards.

        Args:
            profile: The profile.
        """
        profiles = self._document["profiles"]
        names = list(profiles)
        following = names[names.index(profile) + 1 :]
        # Comments at the end of a table are about the next one.
        if trailing := _trailing(profiles[profile]) if following else []:
            trivia = getattr(profiles[following[0]], "trivia", None)
            if trivia is not None:
                text = "".join(each.as_string() for _, each in trailing)
                trivia.indent = text.removeprefix("\n") + trivia.indent
        del profiles[profile]
        if not following and len(names) == 1:
            del self._document["profiles"]
        if self._document.get("default_profile") == profile:
            del self._document["default_profile"]

    def set_default(self, profile: str) -> None:
        """Make a profile the default.

        Args:
            profile: The profile.
        """
        import tomlkit

        if "default_profile" in self._document:
            self._document["default_profile"] = profile
            return
        # Before all else, except a comment about the whole file.
        text = self.text
        about = re.match(r"(?:#.*\r?\n)+\r?\n", text)
        place = about.end() if about else 0
        line = f"default_profile = {tomlkit.item(profile).as_string()}\n"
        line += "\n" if text[place:] else ""
        self._document = tomlkit.parse(text[:place] + line + text[place:])

    def _table(self, profile: str, *, create: bool = False) -> Any:
        import tomlkit

        profiles = self._document.get("profiles")
        if profiles is not None and profile in profiles:
            return profiles[profile]
        if not create:
            return {}
        if not profiles and "default_profile" not in self._document:
            self.set_default(profile)
            profiles = self._document.get("profiles")
        table = tomlkit.table()
        if profiles:
            table.trivia.indent = "\n"
        if profiles is None:
            self._document["profiles"] = tomlkit.table(is_super_table=True)
        try:
            self._document["profiles"][profile] = table
        except ValueError:  # An inline table.
            raise self._unchangeable() from None
        return self._document["profiles"][profile]

    def check(self) -> ConfigFile:
        """Check that the SDK reads from the text what the document contains.

        Returns:
            The content.

        Raises:
            InvalidArgumentException: The content is not valid.
            CommandError: The file is of a form that can't be changed.
        """
        try:
            is_same = tomllib.loads(self.text) == self._document.unwrap()
        except tomllib.TOMLDecodeError:
            is_same = False
        if not is_same:
            raise self._unchangeable()
        return self.content

    def _unchangeable(self) -> CommandError:
        return CommandError(
            ExitCode.FAILED,
            f"{str(self.path)!r} has a form that this command can't change.",
            "Change it in an editor, or write each profile as a table [profiles.NAME].",
        )


def _trailing(table: Any) -> list[tuple[Any, Any]]:
    """Remove the comments and blank lines at the end of a table, and return them."""
    body = getattr(getattr(table, "value", None), "body", [])
    count = 0
    while count < len(body) and body[-1 - count][0] is None:
        count += 1
    trailing = body[len(body) - count :]
    del body[len(body) - count :]
    return list(trailing)


def open_config() -> ConfigDocument:
    """Read the config file.

    Returns:
        The file; there need not be one.

    Raises:
        InvalidArgumentException: It can't be read or is not valid, or there is no home folder.
    """
    from anaplan_sdk.auth.profiles import config_file

    return ConfigDocument(config_file(os.environ))


def require_writable(path: Path) -> None:
    """Check that the config file can be written.

    Args:
        path: Path of the file.

    Raises:
        CommandError: It can't be written.
    """
    target = path.resolve()
    folder = target.parent
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise CommandError(
            ExitCode.FAILED,
            f"The config file {str(path)!r} can't be written: no permission for {str(folder)!r}.",
            "Name another file: ANAPLAN_CONFIG_FILE.",
        )


def whole_path(path: str | None) -> str | None:
    """Return a path as it can be stored: it does not depend on the working folder.

    Args:
        path: The path.

    Returns:
        The absolute path, or one that begins with `~`.
    """
    if not path or path.startswith("~"):
        return path
    return str(Path(path).absolute())


@contextmanager
def editing(say: Callable[[str], None]) -> Generator[ConfigDocument]:
    """Change the config file; it is written when the block ends without an error.

    No other process of this user changes it meanwhile. It is replaced as a whole or not at all, and
    only by one that the SDK reads.

    Args:
        say: Prints what was done about the file's permissions.

    Yields:
        The file, to be changed.

    Raises:
        CommandError: Another process changes it, or it can't be changed.
        InvalidArgumentException: It is not valid, or would not be valid after the change.
        OSError: It can't be written.
    """
    from anaplan_sdk.auth.profiles import config_file, has_secret

    path = config_file(os.environ)
    with _locked(path):
        document = ConfigDocument(path)
        yield document
        content = document.check()
        if document.is_changed:
            _write(path, document.text, say, secret=has_secret(content))


@contextmanager
def _locked(path: Path) -> Generator[None]:
    from anaplan_sdk._runtime.process_lock import ProcessLock

    lock = ProcessLock(str(path.resolve()))
    end = time.monotonic() + _LONGEST_WAIT
    while not lock.take():
        if time.monotonic() > end:
            raise usage_error(
                f"Another process is changing {str(path)!r}.", "Run the command again later."
            )
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, text: str, say: Callable[[str], None], *, secret: bool) -> None:
    from anaplan_sdk._runtime.targets import replacing, write_all
    from anaplan_sdk.auth.permissions import mode_of_others

    require_writable(path)
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = mode_of_others(target)
    mode = 0o600 if secret or not target.exists() else None
    with replacing(path, mode=mode, suffix="config") as file:
        write_all(file, text.encode())
        file.flush()
        os.fsync(file.fileno())
    if secret and before:
        say(f"{path} contains a secret: other users can't read it any more (mode 0600).")
    elif before & _OTHER_WRITERS:
        say(
            f"Note: other users can change {path} (mode {before:04o}), and so where your "
            "credentials are sent: chmod go-w it."
        )
