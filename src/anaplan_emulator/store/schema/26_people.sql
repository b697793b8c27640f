-- Keys that speak for a user without a sign-in (facts 2.5); of each only the SHA-256 digest is kept.
CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Who may use a password in a workspace with single sign-on (facts 9).
CREATE TABLE exception_users (
    workspace_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (workspace_id, user_id)
) WITHOUT ROWID;
