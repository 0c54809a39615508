"""Every layer of the network."""
