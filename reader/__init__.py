"""Reads the meter's P1 port and publishes every telegram."""
