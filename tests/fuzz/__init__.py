"""Hostile bytes: what must hold for any of them, a fuzz target with a kept corpus, and a million mutations."""
