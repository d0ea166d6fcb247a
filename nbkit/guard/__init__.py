"""Try/except for notebooks: steps that are retried where that can help, and always on record."""
