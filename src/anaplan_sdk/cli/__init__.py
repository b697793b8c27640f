"""The command `anaplan`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or exit with a message if its extra is missing."""
    try:
        from anaplan_sdk.cli.app import app
    except ImportError as problem:
        sys.exit(
            "The command needs the extra 'cli': pip install 'anaplan-sdk[cli,emulator]' "
            f"({problem})"
        )
    app()
