"""A database full of invented drawings, for `manage.py fill`."""
