"""From survey answers to customer value."""
