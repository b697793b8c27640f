"""OAuth 2.0: the authorization server for web applications and devices (facts 3)."""
