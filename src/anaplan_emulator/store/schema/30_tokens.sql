CREATE TABLE tokens (
    -- SHA-256 of the token, so that a state file does not reveal it.
    digest BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    refresh_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The grant of an OAuth access token.
    grant_id TEXT REFERENCES oauth_grants (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_by_grant ON tokens (grant_id) WHERE grant_id IS NOT NULL;

-- Used v2 certificate payloads, until they are too old to be accepted.
CREATE TABLE spent_payloads (
    digest BLOB PRIMARY KEY,
    signed_at REAL NOT NULL
) WITHOUT ROWID;
