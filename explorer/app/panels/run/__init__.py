"""The controls of a run, and what it takes."""
