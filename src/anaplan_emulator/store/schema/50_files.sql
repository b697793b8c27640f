CREATE TABLE files (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Its settings; nothing for a file that no import has parsed yet, and for export output.
    form TEXT,
    UNIQUE (model, id)
);

-- What a file holds for one user, or for everyone (no user): an upload, or an export's output.
CREATE TABLE contents (
    key INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    -- As set by whoever began the upload; -1 until told.
    chunk_count INTEGER NOT NULL,
    -- Deleted by its user: nothing is left but a stale chunk count.
    deleted INTEGER NOT NULL DEFAULT 0,
    used_at REAL NOT NULL
);
CREATE UNIQUE INDEX contents_by_file ON contents (file, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX contents_for_all ON contents (file) WHERE user_id IS NULL;

CREATE TABLE chunks (
    content INTEGER NOT NULL REFERENCES contents (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (content, number)
);
