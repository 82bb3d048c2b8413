"""Many reports from one study: a report a unit, each in its own folder, and a roll-up page."""
