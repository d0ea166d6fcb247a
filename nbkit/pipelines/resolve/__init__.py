"""Resolve and check a whole pipeline before anything is written."""
