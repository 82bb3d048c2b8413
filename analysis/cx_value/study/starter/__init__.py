"""A starter study from a data file: columns guessed, doubts marked, a study file written."""
