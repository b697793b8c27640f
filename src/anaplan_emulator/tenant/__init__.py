"""What a tenant consists of: the descriptions that its file may hold, and reading that file."""
