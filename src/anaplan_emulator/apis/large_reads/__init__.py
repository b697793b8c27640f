"""The Integration API: large-volume read requests for views and lists."""
