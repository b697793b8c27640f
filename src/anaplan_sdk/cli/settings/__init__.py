"""Sign-in and settings: `anaplan login`, `profile`, `doctor` and the like."""
