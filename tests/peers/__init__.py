"""Our decode held against that of dsmr_parser and against decodes written by hand, code by code."""
