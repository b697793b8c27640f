"""Imports, exports, processes and other actions: their metadata, tasks and dumps."""
