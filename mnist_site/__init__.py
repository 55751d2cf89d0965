"""The Django project: settings, URLs, and entry points for web servers and workers."""

from mnist_site.celery import app as celery_app

__all__ = ["celery_app"]
