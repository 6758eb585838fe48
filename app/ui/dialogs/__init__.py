"""Dialogs that answer through a future: none of them blocks the event loop."""
