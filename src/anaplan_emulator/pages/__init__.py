"""The pages that a browser shows: signing in, and allowing access to clients and devices."""

from anaplan_emulator.pages.routes import ENDPOINTS

__all__ = ["ENDPOINTS"]
