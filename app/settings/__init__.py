"""Typed settings, the folders they lie in, secrets and the log."""
