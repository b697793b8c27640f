"""Finding objects by name, listing and describing them: `anaplan ls` and `show`."""
