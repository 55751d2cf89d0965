"""The site: what it shows, stores, learns and answers."""

__version__ = "1.0.0"
"""The release, as the changelog names it; `pyproject.toml` says the same."""
