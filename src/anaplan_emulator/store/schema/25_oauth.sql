-- Clients that may ask for tokens in a user's name (facts 3).
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('authorization_code', 'device')),
    -- As written in the tenant's file: the emulator tells it to whoever starts it.
    secret TEXT NOT NULL,
    rotates INTEGER NOT NULL,
    refresh_lifetime_seconds REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE oauth_redirect_uris (
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    uri TEXT NOT NULL,
    PRIMARY KEY (client_id, uri)
) WITHOUT ROWID;

-- What a user has allowed a client once; all codes and tokens made of it go when it goes.
CREATE TABLE oauth_grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    nonce TEXT,
    signed_in_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Of all codes and tokens only SHA-256 digests are kept. Spent ones stay until they expire, so
-- that a second use is seen.
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

-- Devices that wait for a user's word; approved ones have a grant.
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

-- Who has signed in on the pages, for the few minutes until they have decided.
CREATE TABLE browser_sessions (
    digest BLOB PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Signs ID tokens; outlives a reset, as the certificate authority does.
CREATE TABLE oauth_signing_key (
    private_key TEXT NOT NULL
);
