"""Building a tenant's description in Python, for tests."""
