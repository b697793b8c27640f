-- API keys of users (docs/anaplan-behaviour.md#api-keys), stored as SHA-256 digests.
CREATE TABLE api_keys (
    digest BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Users who may use a password despite the single sign-on of a workspace
-- (docs/anaplan-behaviour.md#exception-users-api).
CREATE TABLE exception_users (
    workspace_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (workspace_id, user_id)
) WITHOUT ROWID;
