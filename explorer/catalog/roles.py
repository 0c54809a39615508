"""The kinds that the program itself adds to a network, by what they are needed for."""

from explorer.catalog import KINDS

CONVOLUTION = KINDS["Conv2d"]
NORMALISATION = KINDS["BatchNorm2d"]
GROUP_NORMALISATION = KINDS["GroupNorm"]
"""Normalises each picture by itself, whatever the batch."""
ACTIVATION = KINDS["ReLU"]
POOLING = KINDS["MaxPool2d"]
GLOBAL_POOLING = KINDS["AdaptiveAvgPool2d"]
FLATTEN = KINDS["Flatten"]
SCORES = KINDS["Linear"]
"""Turns a vector into a score for each class."""
HEAD = KINDS["ClassifierHead"]
"""Turns maps into a score for each class."""
VECTOR_NORMALISATION = KINDS["LayerNorm"]
"""Normalises a vector."""
UPSAMPLING = KINDS["Upsample"]
PADDING = KINDS["ZeroPad2d"]
"""Adds rows and columns of zeros, or takes rows and columns away."""
PROJECTION = KINDS["Projection"]
"""Gives a shortcut the shape of the other branch."""
GROUP = KINDS["Group"]
"""A block of the user's own."""
