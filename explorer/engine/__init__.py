"""What happens when a network runs. A process of its own; it never imports Qt."""
