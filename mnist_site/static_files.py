"""The storage of static files."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrites imports in JS modules to hashed names too, so that none loads a stale file."""

    support_js_module_import_aggregation = True
