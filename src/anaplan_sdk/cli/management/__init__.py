"""The tenant and its models: `anaplan alm`, `audit`, `cw` and `users`."""
