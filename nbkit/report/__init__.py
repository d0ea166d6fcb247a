"""Views of events: HTML pages."""
