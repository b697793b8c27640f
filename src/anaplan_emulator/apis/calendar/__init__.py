"""The Integration API: model calendar, current period and versions."""
