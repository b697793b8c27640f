"""The clients' rooms: the asynchronous tree is the source, `tools/mirror.py` makes the other."""
