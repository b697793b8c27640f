-- Clients that can request tokens on behalf of a user (docs/anaplan-behaviour.md#oauth).
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('authorization_code', 'device')),
    -- In plain text, as in the tenant's file: the emulator prints it at its start.
    secret TEXT NOT NULL,
    rotates INTEGER NOT NULL,
    refresh_lifetime_seconds REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE oauth_redirect_uris (
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    uri TEXT NOT NULL,
    PRIMARY KEY (client_id, uri)
) WITHOUT ROWID;

-- Grants of users to clients. Codes and tokens are deleted with their grant.
CREATE TABLE oauth_grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    nonce TEXT,
    signed_in_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Codes and tokens are stored as SHA-256 digests. Used ones are kept until they expire, so that a
-- second use is detected.
CREATE TABLE oauth_codes (
    digest BLOB PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oauth_grants (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX oauth_codes_by_grant ON oauth_codes (grant_id);

CREATE TABLE oauth_refresh_tokens (
    digest BLOB PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES oauth_grants (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX oauth_refresh_tokens_by_grant ON oauth_refresh_tokens (grant_id);

-- Devices that request access. An approved device has a grant.
CREATE TABLE oauth_devices (
    digest BLOB PRIMARY KEY,
    user_code TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    interval_seconds REAL NOT NULL,
    polled_at INTEGER,
    denied INTEGER NOT NULL DEFAULT 0,
    grant_id TEXT REFERENCES oauth_grants (id) ON DELETE SET NULL
) WITHOUT ROWID;
CREATE INDEX oauth_devices_by_grant ON oauth_devices (grant_id);

-- Users who have signed in on the pages.
CREATE TABLE browser_sessions (
    digest BLOB PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The key that signs ID tokens. It survives a reset, as the certificate authority does.
CREATE TABLE oauth_signing_key (
    private_key TEXT NOT NULL
);
