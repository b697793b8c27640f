"""Large-volume read requests: views and lists of any size, by page."""
