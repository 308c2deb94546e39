"""Real parts and small helpers for the tests."""
