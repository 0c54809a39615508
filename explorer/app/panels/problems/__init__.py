"""What is wrong with the network, and what could be better."""
