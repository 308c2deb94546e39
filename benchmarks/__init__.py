"""Measurements, printed as a table by `make bench`; never a test."""
