"""The views around the canvas."""
