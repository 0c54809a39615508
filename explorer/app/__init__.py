"""What a person sees. It never imports torch."""
