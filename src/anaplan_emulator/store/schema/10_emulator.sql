-- What the emulator knows about itself: clock offset, settings, whom to introduce as the user.
CREATE TABLE emulator (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The certificate authority outlives a reset: certificates handed out stay good.
CREATE TABLE authority (
    certificate TEXT NOT NULL,
    private_key TEXT NOT NULL
);
