"""Who is speaking: what you hold, the one current token, and its way into the requests."""
