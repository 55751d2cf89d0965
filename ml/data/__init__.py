"""Sets of labelled handwriting, and how they are varied."""
