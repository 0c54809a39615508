"""How much gradient every layer gets."""
