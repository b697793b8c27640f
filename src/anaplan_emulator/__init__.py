"""Anaplan on one machine: an emulator of its APIs to develop and test against."""

from .emulator import Emulator
from .settings import Settings

__all__ = ["Emulator", "Settings"]
