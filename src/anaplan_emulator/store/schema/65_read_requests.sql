-- Large-volume read requests: the content of a view or list when the request was created, as pages.
CREATE TABLE read_requests (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('view', 'list')),
    object_id TEXT NOT NULL,
    -- Number of polls.
    polls INTEGER NOT NULL,
    page_count INTEGER NOT NULL,
    used_at REAL NOT NULL
);
CREATE INDEX read_requests_by_user ON read_requests (user_id, model);

CREATE TABLE read_pages (
    request INTEGER NOT NULL REFERENCES read_requests (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (request, number)
) WITHOUT ROWID;
