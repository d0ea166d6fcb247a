"""Expectations over tables."""
