-- A snapshot of a model's structure, with a name. It outlives the model it was made in, because
-- other models may have it, too.
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

-- A model's history: the revisions made in it or brought to it, in order of their keys.
CREATE TABLE applied_revisions (
    key INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL REFERENCES revisions (key),
    -- Nothing once the model is deleted.
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
