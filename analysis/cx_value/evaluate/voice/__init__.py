"""What customers write: language, themes, tone, and what the themes go with."""
