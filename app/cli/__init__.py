"""The command line: parses, asks the session, prints. It holds no logic of its own and knows no window."""
