"""The Exception Users API: users who may use a password despite single sign-on.

Source: docs/anaplan-behaviour.md#exception-users-api.
"""
