-- Additional attributes of lists, which Time and Versions do not have.
CREATE TABLE list_details (
    list INTEGER PRIMARY KEY REFERENCES lists (key) ON DELETE CASCADE,
    -- Name of the top-level item, whose index is 0.
    top_level_item TEXT COLLATE NOCASE,
    category TEXT
);

CREATE TABLE subsets (
    key INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES lists (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    UNIQUE (list, name)
);

CREATE TABLE subset_items (
    subset INTEGER NOT NULL REFERENCES subsets (key) ON DELETE CASCADE,
    item INTEGER NOT NULL REFERENCES list_items (key) ON DELETE CASCADE,
    PRIMARY KEY (subset, item)
) WITHOUT ROWID;
CREATE INDEX subset_items_by_item ON subset_items (item);
