"""What can be seen of a network: a file for each look, and the pass that they share.

Every look's file has two functions. `reduce` asks for what is to be fetched, small tensors on the
device; `tell` makes of them, fetched, the figures and arrays that `protocol.looks` describes.
"""
