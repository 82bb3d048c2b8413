"""What is asked: parameters, constraints, model matrices and their derivatives."""
