"""The entry point for a WSGI server (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

from recognizer.monitoring import metric_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mnist_site.settings")
metric_files.reserve()

application = get_wsgi_application()

# Load the URLconf and the model now, so that the first request does not wait for them. Both need
# Django's apps.
from django.db import connections  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from recognizer.registry import active_model  # noqa: E402

assert get_resolver().url_patterns  # imports every view
active_model.warm_up()
connections.close_all()
