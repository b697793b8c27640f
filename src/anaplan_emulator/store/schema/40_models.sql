CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    active INTEGER NOT NULL,
    size_allowance INTEGER NOT NULL,
    single_sign_on INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE models (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    active_state TEXT NOT NULL,
    -- Whether it is in memory. Only a closed model can be deleted.
    is_open INTEGER NOT NULL,
    offline INTEGER NOT NULL,
    category_values TEXT NOT NULL,
    memory_usage INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    serial_number INTEGER NOT NULL
);

-- Users without a row have no access, unless they are administrators of the workspace.
CREATE TABLE model_roles (
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (model, user_id)
) WITHOUT ROWID;

-- The possible dimensions of modules: lists, Time and Versions.
CREATE TABLE lists (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    kind TEXT NOT NULL CHECK (kind IN ('LIST', 'TIME', 'VERSIONS')),
    numbered INTEGER NOT NULL,
    -- Whether its items may change while the model is deployed.
    production_data INTEGER NOT NULL,
    parent INTEGER REFERENCES lists (key) ON DELETE SET NULL,
    -- The first digits of its items' ids. The other nine are the item's number.
    item_prefix INTEGER NOT NULL,
    next_index INTEGER NOT NULL,
    -- Whether the number in the id of any item differs from its index: see item_numbers.
    renumbered INTEGER NOT NULL DEFAULT 0,
    UNIQUE (model, id),
    UNIQUE (model, name)
);

CREATE TABLE properties (
    key INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES lists (key) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    data_type TEXT NOT NULL,
    -- The list whose items are the values.
    entity_list INTEGER REFERENCES lists (key),
    display_name INTEGER NOT NULL,
    UNIQUE (list, name)
);

CREATE TABLE list_items (
    -- The list's key times 1,000,000,000, plus the item's index: the items of a list are stored
    -- together, and an item's key is known before it is inserted.
    key INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES lists (key) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    code TEXT COLLATE NOCASE,
    parent INTEGER
);
CREATE UNIQUE INDEX list_items_by_name ON list_items (list, name);
CREATE UNIQUE INDEX list_items_by_code ON list_items (list, code) WHERE code IS NOT NULL;
CREATE INDEX list_items_by_parent ON list_items (parent) WHERE parent IS NOT NULL;

-- The numbers in the ids of items that are not in the order of their ids. The number of all other
-- items is their index.
CREATE TABLE item_numbers (
    item INTEGER PRIMARY KEY REFERENCES list_items (key) ON DELETE CASCADE,
    number INTEGER NOT NULL
);
CREATE INDEX item_numbers_by_number ON item_numbers (number, item);

CREATE TABLE property_values (
    item INTEGER NOT NULL REFERENCES list_items (key) ON DELETE CASCADE,
    property INTEGER NOT NULL REFERENCES properties (key) ON DELETE CASCADE,
    value NOT NULL,
    PRIMARY KEY (item, property)
) WITHOUT ROWID;

-- The cells of a module are in a table cells_<key>: see engine/structure.py.
CREATE TABLE modules (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    UNIQUE (model, id),
    UNIQUE (model, name)
);

CREATE TABLE dimensions (
    module INTEGER NOT NULL REFERENCES modules (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    list INTEGER NOT NULL REFERENCES lists (key),
    PRIMARY KEY (module, position)
) WITHOUT ROWID;

CREATE TABLE line_items (
    key INTEGER PRIMARY KEY,
    module INTEGER NOT NULL REFERENCES modules (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    data_type TEXT NOT NULL,
    entity_list INTEGER REFERENCES lists (key),
    -- A constant, or a sum of other line items. Cells with a formula cannot be written.
    formula TEXT NOT NULL,
    -- Whether the values of a formula are those in the table of cells.
    stored INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL,
    UNIQUE (module, name)
);

-- Imports, exports, deletions, optimizers and processes, with their definitions as JSON.
CREATE TABLE actions (
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (model, id)
) WITHOUT ROWID;
