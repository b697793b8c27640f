"""The clients: this asynchronous tree is the source, `tools/mirror.py` generates the other one."""
