"""Flux in the tests: its own parser, and a small model of what its functions do."""
