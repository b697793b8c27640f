"""Pure decisions about HTTP: no module here performs I/O or waits."""
