"""The Exception Users API: users who may use a password despite single sign-on (facts 9)."""
