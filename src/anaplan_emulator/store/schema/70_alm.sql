-- Snapshots of a model's structure. A revision remains when its model is deleted, as other models
-- may have it as well.
CREATE TABLE revisions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    created_on TEXT NOT NULL,
    created_by TEXT NOT NULL,
    creation_method TEXT NOT NULL,
    -- See engine/blueprint.py.
    blueprint TEXT NOT NULL,
    digest TEXT NOT NULL
);

-- The histories of models: revisions created in them or synchronized to them, ordered by key.
CREATE TABLE applied_revisions (
    key INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL REFERENCES revisions (key),
    -- NULL if the model was deleted.
    model INTEGER REFERENCES models (key) ON DELETE SET NULL,
    applied_on TEXT NOT NULL,
    applied_by TEXT NOT NULL,
    method TEXT NOT NULL,
    UNIQUE (revision, model)
);
CREATE INDEX applied_revisions_by_model ON applied_revisions (model);

CREATE TABLE revision_reports (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('comparison', 'summary')),
    target_revision TEXT NOT NULL,
    source_revision TEXT NOT NULL,
    body TEXT NOT NULL,
    used_at REAL NOT NULL,
    UNIQUE (model, kind, target_revision, source_revision)
);
