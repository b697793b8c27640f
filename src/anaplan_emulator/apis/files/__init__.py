"""Files and their chunks."""
