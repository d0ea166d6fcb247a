"""What should run: the run graph, parsed and validated."""
