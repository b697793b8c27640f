"""The Integration API: files and their chunks."""
