"""The evaluation itself: what matters, how good it is, and what to do first."""
