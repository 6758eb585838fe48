"""The edit as data: plan a region, cut it out, put a result back, and report what changed."""
