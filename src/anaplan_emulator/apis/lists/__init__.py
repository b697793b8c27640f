"""The Integration API: lists and their items."""
