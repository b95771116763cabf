"""The exchanges of the open conversation on the page."""
