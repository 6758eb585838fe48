"""The parts of the main window, each mirroring one thing of the session."""
