-- Logs of optimizers, by their own task or that of a process.
CREATE TABLE solution_logs (
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    action_id TEXT NOT NULL,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    written_at REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (model, action_id, task_id)
) WITHOUT ROWID;
