"""Where versions' files lie: a folder of this host, or a bucket."""

from django.core.files.storage import FileSystemStorage, default_storage


class StorageAwayError(OSError):
    """The storage of versions' files does not answer, or refuses; the message says why."""


def on_this_host() -> bool:
    """Whether versions' files lie in a folder, and not in a bucket."""
    return isinstance(default_storage, FileSystemStorage)
