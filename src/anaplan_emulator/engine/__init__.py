"""The data engine: lists, modules, imports, exports, deletions, processes and tasks; no HTTP."""
