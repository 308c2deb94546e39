"""The tests of smartmeter."""
