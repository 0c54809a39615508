"""What a network is: values, edits on them, and their file."""
