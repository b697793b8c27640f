"""What the emulator remembers: one SQLite database, and the description it is filled from."""
