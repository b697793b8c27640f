CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    -- As written in the tenant's file: the emulator tells it to whoever starts it.
    password TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    active INTEGER NOT NULL,
    single_sign_on INTEGER NOT NULL,
    exception_user INTEGER NOT NULL,
    last_login TEXT,
    -- What the SCIM API knows more about them. A work address differs from the one to sign in
    -- with only where it was changed.
    external_id TEXT,
    work_email TEXT,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    -- As the Administration API writes them, comma-separated.
    licenses TEXT NOT NULL
) WITHOUT ROWID;

-- Roles in the tenant, such as tenant_admin.
CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) WITHOUT ROWID;

-- Roles in a workspace: admin, member or, for whoever is at home in another one, visitor.
CREATE TABLE workspace_members (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member', 'visitor')),
    PRIMARY KEY (user_id, workspace_id)
) WITHOUT ROWID;
