"""Remember every event of every run."""
