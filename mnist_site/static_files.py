"""How static files are stored."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Hashes names inside JS modules too, so that an import never meets a stale file."""

    support_js_module_import_aggregation = True
