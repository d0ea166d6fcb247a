"""Run one notebook in one kernel, and tell why it failed."""
