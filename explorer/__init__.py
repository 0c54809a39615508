"""CNN Explorer: draw a convolutional network, see every shape, run it and watch it learn."""

__version__ = "0.1.0"
