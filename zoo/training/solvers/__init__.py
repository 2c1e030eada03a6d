"""How weights are found: gradient descent, and direct solvers of linear models."""
