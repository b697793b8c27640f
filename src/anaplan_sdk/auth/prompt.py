"""Input and output at the terminal."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from typing import Any

from anaplan_sdk.exceptions import OAuthException, SignInRequiredException


def can_ask() -> bool:
    """Whether there is someone to ask: at a terminal, or in a notebook."""
    return bool(sys.stdin and sys.stdin.isatty()) or _in_notebook()


def can_show() -> bool:
    """Whether someone sees what is printed to stderr: at a terminal, or in a notebook."""
    return bool(sys.stderr and sys.stderr.isatty()) or _in_notebook()


def _in_notebook() -> bool:
    """Whether this is a Jupyter kernel whose front end takes input.

    A kernel has no terminal, and replaces `input` by a function that asks in the browser. Programs
    that run a notebook without a person, such as nbconvert, do not allow that.
    """
    # Where there is a shell of IPython's, its library has been imported.
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", False))


def require_terminal(instead: str) -> None:
    """Check that there is someone to ask.

    Raises:
        SignInRequiredException: There is nobody; the message names what to do `instead`.
    """
    if not can_ask():
        raise SignInRequiredException(
            f"Someone has to sign in, but this session has no terminal to ask at. {instead}"
        )


def show(text: str) -> None:
    """Print to stderr, apart from the program's own output."""
    print(text, file=sys.stderr, flush=True)


def ask(text: str) -> str:
    """Show a text and return the line that is typed.

    Raises:
        SignInRequiredException: The front end of a notebook takes no input.
        OAuthException: The end of input (Ctrl-D) was typed.
    """
    show(text)
    # The kernel of a notebook asks from whichever thread.
    uses_input = threading.current_thread() is threading.main_thread() or _in_notebook()
    try:
        return input() if uses_input else _read_line()
    except NotImplementedError:  # IPython's, where the front end of a notebook takes no input
        raise SignInRequiredException(
            "Someone has to sign in, but this notebook takes no input."
        ) from None
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
