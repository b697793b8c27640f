"""The console: pages in a browser that show and change what the emulator holds."""

from anaplan_emulator.console.routes import CONSOLE_PATH, console_routes

__all__ = ["CONSOLE_PATH", "console_routes"]
