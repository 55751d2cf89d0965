"""The Celery application, configured by the Django settings that begin with CELERY_."""

import os
from functools import cached_property

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mnist_site.settings")


class Site(Celery):
    """Celery with our `Beat`, which only a beat process imports."""

    @cached_property
    def Beat(self) -> type:  # noqa: N802  Celery's name
        """The class that `celery beat` runs."""
        beat: type = self.subclass_with_self("mnist_site.beat:Beat")  # type: ignore[arg-type]
        return beat


app = Site("mnist_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
