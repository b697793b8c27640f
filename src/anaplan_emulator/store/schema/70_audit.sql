-- Audit events. The users and objects that they refer to may have been deleted.
CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY,
    event_date INTEGER NOT NULL,
    code TEXT NOT NULL,
    user_id TEXT,
    object_id TEXT,
    object_type TEXT,
    -- A JSON object.
    attributes TEXT,
    message TEXT NOT NULL,
    success INTEGER NOT NULL,
    error_number TEXT,
    ip_address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    session_id TEXT,
    checksum TEXT NOT NULL
);
CREATE INDEX audit_events_by_date ON audit_events (event_date, id);
