"""The table of all layers of the network."""
