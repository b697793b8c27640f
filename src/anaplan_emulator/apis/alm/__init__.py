"""Application lifecycle management: revisions, synchronization, reports, and online status."""
