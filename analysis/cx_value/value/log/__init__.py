"""One reader of the purchase log: source, cleaning, customer days, account, summary."""
