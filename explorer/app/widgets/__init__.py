"""Widgets that canvas and panels share."""
