"""Power, sample size and cutoffs for a model of its kind."""
