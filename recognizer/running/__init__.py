"""What stands behind `manage.py up`: checks, parts, and the supervisor that keeps them running."""
