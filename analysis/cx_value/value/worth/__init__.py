"""What customers are worth: spend, lifetime value, contracts, stages."""
