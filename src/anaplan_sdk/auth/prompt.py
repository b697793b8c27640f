"""Input and output at the terminal."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser

from anaplan_sdk.exceptions import OAuthException, SignInRequiredException


def has_terminal() -> bool:
    """Whether there is a terminal to ask at."""
    return bool(sys.stdin and sys.stdin.isatty())


def require_terminal(instead: str) -> None:
    """Check that there is a terminal to ask at.

    Raises:
        SignInRequiredException: There is no terminal; the message names what to do `instead`.
    """
    if not has_terminal():
        raise SignInRequiredException(
            f"Someone has to sign in, but this session has no terminal to ask at. {instead}"
        )


def show(text: str) -> None:
    """Print to stderr, apart from the program's own output."""
    print(text, file=sys.stderr, flush=True)


def ask(text: str) -> str:
    """Show a text and return the line that is typed.

    Raises:
        OAuthException: The end of input (Ctrl-D) was typed.
    """
    show(text)
    in_main_thread = threading.current_thread() is threading.main_thread()
    try:
        return input() if in_main_thread else _read_line()
    except EOFError:
        raise OAuthException(
            "The sign-in was cancelled at the terminal.", code="cancelled"
        ) from None


def _read_line() -> str:
    # A thread that waits in `input` holds a lock that the interpreter needs for its end: after a
    # Ctrl-C the program would go on until something is typed.
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 4096)
        if not piece:
            raise EOFError
        line += piece
    return line.decode(sys.stdin.encoding or "utf-8", "replace")


def open_browser(url: str) -> bool:
    """Open a page in the browser, where there is a screen; return whether it was opened."""
    has_screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    try:
        return has_screen and webbrowser.open(url)
    except webbrowser.Error:
        return False
