"""The canvas: shows a photograph with its mask, and turns pointer and key events into gestures and views."""
