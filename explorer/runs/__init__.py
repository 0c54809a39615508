"""How a network is trained, and the figures of a run: shared by window, engine and command line."""
