"""The built-in healing engines, and the worker process they run in. They continue the surroundings; no network."""
