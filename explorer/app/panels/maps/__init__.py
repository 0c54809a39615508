"""What the selected node makes of a picture."""
