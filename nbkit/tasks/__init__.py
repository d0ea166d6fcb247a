"""Command to outcome, one file per task type."""
