"""The looks at a network: a file for each, and the pass that they share.

Every look's file has two functions. `reduce` returns small tensors on the device, which are to be
fetched; `describe` turns them, once fetched, into the figures and arrays that `protocol.looks` lists.
"""
