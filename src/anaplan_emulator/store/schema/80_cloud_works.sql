-- CloudWorks (docs/anaplan-behaviour.md#cloudworks-api). The secrets of connections are not stored.
CREATE TABLE cloud_connections (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    body TEXT NOT NULL,
    workspace_id TEXT,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    modified_at TEXT NOT NULL,
    modified_by TEXT NOT NULL REFERENCES users (id)
);

-- Integrations and, with the type Flow, integration flows: they have names, schedules, runs and the
-- limit in common. The model may have been deleted.
CREATE TABLE cloud_integrations (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL CHECK (type IN ('Import', 'Export', 'Process', 'Flow')),
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    version TEXT NOT NULL,
    workspace_id TEXT,
    model_id TEXT,
    process_id TEXT,
    nux_visible INTEGER NOT NULL,
    -- Jobs of an integration or steps of a flow, as JSON.
    parts TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    modified_at TEXT NOT NULL,
    modified_by TEXT NOT NULL REFERENCES users (id)
);

CREATE TABLE cloud_schedules (
    integration_id TEXT PRIMARY KEY REFERENCES cloud_integrations (id) ON DELETE CASCADE,
    definition TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    -- When it is due next, in seconds since the epoch; NULL after its end.
    next_at REAL
) WITHOUT ROWID;

CREATE TABLE cloud_notifications (
    id TEXT PRIMARY KEY,
    integration_id TEXT NOT NULL UNIQUE REFERENCES cloud_integrations (id) ON DELETE CASCADE,
    channels TEXT NOT NULL,
    config TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE cloud_runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    integration_id TEXT NOT NULL REFERENCES cloud_integrations (id) ON DELETE CASCADE,
    trace_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'ENDED')),
    trigger_source TEXT NOT NULL,
    triggered_by TEXT NOT NULL REFERENCES users (id),
    -- The flow of which it is a step.
    flow_id TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    success INTEGER,
    message TEXT NOT NULL,
    error_code INTEGER,
    -- The task of its action.
    task_id TEXT,
    errors TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX cloud_runs_by_integration ON cloud_runs (integration_id, key);

CREATE TABLE cloud_dumps (
    run_id TEXT NOT NULL REFERENCES cloud_runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    action_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
