"""Comparison of an emulator with a live tenant, reply by reply."""
