-- Financial Consolidation, which has its own tenant, tokens and users.
CREATE TABLE consolidation_tenant (
    name TEXT NOT NULL,
    -- SHA-256 of its API token.
    token BLOB NOT NULL
);

CREATE TABLE consolidation_tables (
    name TEXT PRIMARY KEY,
    -- Types of the columns by name, as JSON.
    columns TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE consolidation_rows (
    key INTEGER PRIMARY KEY,
    table_name TEXT NOT NULL REFERENCES consolidation_tables (name),
    content TEXT NOT NULL
);
CREATE INDEX consolidation_rows_by_table ON consolidation_rows (table_name, key);

-- Dimensions and their members as JSON, and the dimensions of each model.
CREATE TABLE consolidation_dimensions (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    content TEXT NOT NULL,
    members TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE consolidation_models (
    name TEXT PRIMARY KEY,
    dimensions TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE consolidation_workflows (
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    seconds REAL NOT NULL,
    -- The last run, if there was one.
    run_id TEXT,
    started_at REAL,
    stopped INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (path, name)
) WITHOUT ROWID;

CREATE TABLE consolidation_users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    email TEXT NOT NULL,
    disabled INTEGER NOT NULL
);

CREATE TABLE consolidation_user_roles (
    key INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES consolidation_users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    UNIQUE (user_id, role)
);

CREATE TABLE consolidation_roles (
    name TEXT PRIMARY KEY
) WITHOUT ROWID;
