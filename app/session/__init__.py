"""The use cases: a workspace of open documents, the one request worker, the one history, the commands."""
