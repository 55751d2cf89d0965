"""How static files are stored, and what it is called when files cannot be reached."""

from django.core.files.storage import FileSystemStorage, default_storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Hashes names inside JS modules too, so that an import never meets a stale file."""

    support_js_module_import_aggregation = True


def on_this_host() -> bool:
    """Whether versions' files lie in a folder, and not in a bucket."""
    return isinstance(default_storage, FileSystemStorage)


class StorageAwayError(OSError):
    """The storage of versions' files does not answer, or refuses; the message says why."""
