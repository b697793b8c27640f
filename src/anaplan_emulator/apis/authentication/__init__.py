"""The Authentication Service API: signing in, and the life of tokens.

Source: docs/anaplan-behaviour.md#authentication-service.
"""
