"""Studies with people: designs, a server that asks, and what they answered."""
