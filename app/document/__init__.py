"""The document: masks, layers, undo, brushes and gestures. One thread changes it. No Qt, no requests."""
