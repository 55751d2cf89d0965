"""Template tags for texts in the language of the page."""
