"""`make doctor`: says what is wrong with this smartmeter, and what mends it."""
