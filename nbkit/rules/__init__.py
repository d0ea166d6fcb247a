"""What to do next: pure decisions over a graph and its events."""
