"""Providers as data: profiles and model cards, and the way to the wire and back."""
