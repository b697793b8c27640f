CREATE TABLE calendars (
    model INTEGER PRIMARY KEY REFERENCES models (key) ON DELETE CASCADE,
    -- See engine/calendars.py.
    definition TEXT NOT NULL,
    -- The current one, where the calendar has any.
    fiscal_year INTEGER,
    -- Any day in it; nothing where it isn't set.
    current_period TEXT
);

-- What versions have beside their names.
CREATE TABLE versions (
    item INTEGER PRIMARY KEY REFERENCES list_items (key) ON DELETE CASCADE,
    is_current INTEGER NOT NULL,
    is_actual INTEGER NOT NULL,
    notes TEXT NOT NULL,
    -- Any days in their periods; nothing where they aren't set.
    edit_from TEXT,
    edit_to TEXT,
    switchover TEXT
);
