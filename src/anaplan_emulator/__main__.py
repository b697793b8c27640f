"""The command `python -m anaplan_emulator`; its extra may be missing, which it says."""

import sys

try:
    from anaplan_emulator.command_line import main
except ModuleNotFoundError as error:
    sys.exit(f"The emulator needs its extra: pip install 'anaplan-sdk[emulator]' ({error})")

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
