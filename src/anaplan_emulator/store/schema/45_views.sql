-- Attributes of line items that do not affect their cells.
CREATE TABLE line_item_attributes (
    line_item INTEGER PRIMARY KEY REFERENCES line_items (key) ON DELETE CASCADE,
    code TEXT,
    summary TEXT NOT NULL,
    style TEXT NOT NULL,
    decimal_places INTEGER NOT NULL,
    start_of_section INTEGER NOT NULL
);

-- Saved views, with their definitions as JSON. Default views and views of line items have no row.
CREATE TABLE views (
    key INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    module INTEGER NOT NULL REFERENCES modules (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    definition TEXT NOT NULL,
    UNIQUE (model, id),
    UNIQUE (module, name)
);

CREATE TABLE dashboards (
    model INTEGER NOT NULL REFERENCES models (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (model, id)
) WITHOUT ROWID;
