"""The history: an SQLite store of every request and result, and its content-addressed files."""
