"""What a network can be made of."""
