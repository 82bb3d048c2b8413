"""The core metrics, the service log and cohorts."""
