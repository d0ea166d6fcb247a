"""Views of events: widgets."""
