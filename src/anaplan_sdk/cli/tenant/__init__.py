"""`anaplan tenant`: tenant files, captures and comparisons."""
