"""The storage of model files: a folder on this host, or a bucket."""

from django.core.files.storage import FileSystemStorage, default_storage


class StorageAwayError(OSError):
    """The storage of model files does not answer, or refuses; the message says why."""


def on_this_host() -> bool:
    """Whether model files are in a folder, not in a bucket."""
    return isinstance(default_storage, FileSystemStorage)
