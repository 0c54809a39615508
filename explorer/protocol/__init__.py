"""The words between window and engine: typed messages, each one frame of a stream of bytes.

`messages` holds the requests and answers, `looks` what can be looked at, `codec` turns a message into
a frame and back and checks every field, `frames` cuts the stream into frames.
"""
