"""The network as a drawing that can be edited."""
