CREATE TABLE files (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Its format as JSON. Files that no import uses and the output of exports have none.
    file_format TEXT,
    UNIQUE (model, id)
);

-- The content of a file, private to a user or public: an upload, or the output of an export.
CREATE TABLE contents (
    key INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    -- As set at the beginning of the upload; -1 if unknown.
    chunk_count INTEGER NOT NULL,
    -- Whether the user has deleted it, so that only its chunk count remains.
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
