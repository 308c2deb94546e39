"""`make demo`: the whole product on this machine, with a simulated meter."""
