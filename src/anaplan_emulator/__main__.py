"""The command `python -m anaplan_emulator`, which also reports a missing extra."""

import sys

try:
    from anaplan_emulator.command_line import main
except ModuleNotFoundError as error:
    sys.exit(
        f"The emulator needs the extra 'emulator': pip install 'anaplan-sdk[emulator]' ({error})"
    )

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
