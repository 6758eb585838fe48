"""Maskroom's own `/v1/images/edits` over the built-in engine: in process, or on loopback for other programs."""
