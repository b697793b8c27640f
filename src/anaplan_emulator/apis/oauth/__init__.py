"""OAuth 2.0: the authorization server for web applications and devices.

Source: docs/anaplan-behaviour.md#oauth.
"""
