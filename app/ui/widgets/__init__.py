"""Small controls that several panels share; they know nothing of photographs or requests."""
