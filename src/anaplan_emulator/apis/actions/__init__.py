"""The Integration API: imports, exports, processes and other actions, their tasks and dumps."""
