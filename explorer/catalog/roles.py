"""The kinds that the program itself adds to a network, by what they are needed for."""

from explorer.catalog import KINDS

CONVOLUTION = KINDS["Conv2d"]
NORMALISATION = KINDS["BatchNorm2d"]
ACTIVATION = KINDS["ReLU"]
POOLING = KINDS["MaxPool2d"]
GLOBAL_POOLING = KINDS["AdaptiveAvgPool2d"]
FLATTEN = KINDS["Flatten"]
SCORES = KINDS["Linear"]
"""From a vector to a score for each class."""
HEAD = KINDS["ClassifierHead"]
"""The same from maps."""
PROJECTION = KINDS["Projection"]
"""Gives a shortcut the shape of the other branch."""
GROUP = KINDS["Group"]
"""A block of one's own."""
