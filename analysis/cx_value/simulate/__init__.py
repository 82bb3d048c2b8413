"""The parts of the simulated study: its truth, its people, what they say and what they buy."""
