CREATE TABLE calendars (
    model INTEGER PRIMARY KEY REFERENCES models (key) ON DELETE CASCADE,
    -- The calendar as JSON: see tenant/calendars.py.
    definition TEXT NOT NULL,
    -- The current one, if the calendar has fiscal years.
    fiscal_year INTEGER,
    -- Any day in it, if it is set.
    current_period TEXT
);

-- Attributes of versions besides their names.
CREATE TABLE versions (
    item INTEGER PRIMARY KEY REFERENCES list_items (key) ON DELETE CASCADE,
    is_current INTEGER NOT NULL,
    is_actual INTEGER NOT NULL,
    notes TEXT NOT NULL,
    -- Any days in the periods, if they are set.
    edit_from TEXT,
    edit_to TEXT,
    switchover TEXT
);
