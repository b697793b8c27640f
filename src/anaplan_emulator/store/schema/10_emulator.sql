-- The tenant's description, the settings and the offset of the clock, as JSON.
CREATE TABLE emulator (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The certificate authority survives a reset, so that issued certificates remain valid.
CREATE TABLE authority (
    certificate TEXT NOT NULL,
    private_key TEXT NOT NULL
);
