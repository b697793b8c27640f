"""The Exception Users API (facts 9): who may use a password in spite of single sign-on."""
