"""The way in for a WSGI server (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mnist_site.settings")

application = get_wsgi_application()

from recognizer import active_model  # noqa: E402  needs Django's apps to be loaded

# The URLconf and the model now, so that the first request does not wait for them.
active_model.warm_up()
