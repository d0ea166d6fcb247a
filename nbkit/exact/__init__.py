"""Whether a value is the same one in a column of another type, at every level."""
