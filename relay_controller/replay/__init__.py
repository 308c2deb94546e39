"""The command `replay`: the rules of the loads over recorded data, and what they would have brought."""
