"""Bring datasets up to date."""
