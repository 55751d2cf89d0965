"""The speed, size and quality of the pages."""
