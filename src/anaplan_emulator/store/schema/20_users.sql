CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    -- In plain text, as in the tenant's file: the emulator prints it at its start.
    password TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    active INTEGER NOT NULL,
    single_sign_on INTEGER NOT NULL,
    exception_user INTEGER NOT NULL,
    last_login TEXT,
    -- Attributes of the SCIM API. The work address is only set if it differs from the e-mail address.
    external_id TEXT,
    work_email TEXT,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    -- Separated by commas, as in the Administration API.
    licenses TEXT NOT NULL
) WITHOUT ROWID;

-- Roles in the tenant, such as tenant_admin.
CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) WITHOUT ROWID;

-- Roles in workspaces. A visitor belongs to another tenant.
CREATE TABLE workspace_members (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member', 'visitor')),
    PRIMARY KEY (user_id, workspace_id)
) WITHOUT ROWID;
