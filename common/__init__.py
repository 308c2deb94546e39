"""What the four services share: the register table, decoding, payloads, topics, settings and the broker session."""
