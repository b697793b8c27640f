CREATE TABLE tasks (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    -- Id of the action that it runs, or the kind of an ALM task.
    object_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    progress REAL NOT NULL,
    step TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    result TEXT,
    cancelled_by TEXT
);
CREATE INDEX tasks_by_object ON tasks (model, object_id, created_at);

-- The failure dump of a user's last run of an import, also as part of a process.
CREATE TABLE dumps (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    object_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_id TEXT NOT NULL,
    used_at REAL NOT NULL,
    UNIQUE (model, object_id, user_id)
);

CREATE TABLE dump_chunks (
    dump INTEGER NOT NULL REFERENCES dumps (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (dump, number)
);
