"""The problems of the network, and advice on it."""
