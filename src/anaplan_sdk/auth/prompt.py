"""Talking to the person at the terminal."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser

from anaplan_sdk.exceptions import OAuthException, SignInRequiredException


def has_terminal() -> bool:
    """Whether there is someone to ask."""
    return bool(sys.stdin and sys.stdin.isatty())


def require_terminal(instead: str) -> None:
    """Makes sure that there is someone to ask.

    Raises:
        SignInRequiredException: There is no terminal; it says what to do instead.
    """
    if not has_terminal():
        raise SignInRequiredException(
            f"Someone has to sign in, but this session has no terminal to ask at. {instead}"
        )


def show(text: str) -> None:
    """Prints for the person, apart from the program's own output."""
    print(text, file=sys.stderr, flush=True)


def ask(text: str) -> str:
    """Shows a text and returns what is typed.

    Raises:
        OAuthException: Nothing will be: the end of input was typed.
    """
    show(text)
    in_main_thread = threading.current_thread() is threading.main_thread()
    try:
        return input() if in_main_thread else _read_line()
    except EOFError:
        raise OAuthException("The sign-in was given up.", code="cancelled") from None


def _read_line() -> str:
    # A thread that waits in `input` holds a lock that the interpreter needs to end: Ctrl-C would
    # wait for the person's answer.
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 4096)
        if not piece:
            raise EOFError
        line += piece
    return line.decode(sys.stdin.encoding or "utf-8", "replace")


def open_browser(url: str) -> bool:
    """Opens a page where there is a screen; tells whether it did."""
    has_screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    try:
        return has_screen and webbrowser.open(url)
    except webbrowser.Error:
        return False
