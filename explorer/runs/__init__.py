"""How a network is trained, and what came of it: what window, engine and command line all know."""
