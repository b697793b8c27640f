"""The authentication service (facts 2): sign-in, validation, refresh and logout of tokens."""
