"""The Authentication Service API: signing in, and the life of tokens (facts 2)."""
