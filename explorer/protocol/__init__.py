"""The words between window and engine: typed messages, each one frame of a stream of bytes.

`messages` says what there is to ask and to answer, `looks` what can be looked at, `codec` turns a
message into a frame and back and checks every field, `frames` cuts the stream.
"""
