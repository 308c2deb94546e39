"""Chaos: all parts are killed, pulled, frozen, filled and cut off by a seeded schedule, and nothing may be lost or doubled."""
