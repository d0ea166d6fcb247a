"""Try/except wrappers for notebooks."""
