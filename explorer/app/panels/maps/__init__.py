"""What the selected node outputs for one picture."""
