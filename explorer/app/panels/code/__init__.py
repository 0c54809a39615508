"""The network as PyTorch source."""
