"""OAuth 2.0: the authorization server, for web applications and for devices (facts 3)."""
