"""Thin commands over the Python API."""
