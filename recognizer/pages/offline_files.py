"""What a browser keeps so that the drawing page opens without a network.

All of it is public and the same for everybody: pages as an anonymous visitor sees them, and every
static file that they load.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

_QUOTED = re.compile(r'"([^"\s]+)"')
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*["'](\.[^"']+)["']""")
_PAINTED = re.compile(r"""url\(["']?([^"'()#:]+)["']?\)""")
_LINKS = {".js": _IMPORTED, ".mjs": _IMPORTED, ".css": _PAINTED}
_LOADED = (*_LINKS, ".svg")


@dataclass(frozen=True)
class Shell:
    """URLs of static files to keep, and a version that changes with them and the pages."""

    version: str
    files: tuple[str, ...]


def shell_of(pages: Iterable[str]) -> Shell:
    """The shell of these HTML pages."""
    html = list(pages)
    names = sorted(set(_with_dependencies(name for page in html for name in _named_in(page))))
    digest = hashlib.sha256("\n".join([*html, *names]).encode())
    for name in names:
        digest.update(_path(name).read_bytes())
    return Shell(digest.hexdigest()[:16], tuple(settings.STATIC_URL + name for name in names))


def _named_in(html: str) -> Iterator[str]:
    for url in _QUOTED.findall(html):
        if url.startswith(settings.STATIC_URL) and url.endswith(_LOADED):
            yield url.removeprefix(settings.STATIC_URL)


def _with_dependencies(names: Iterable[str]) -> Iterator[str]:
    """These files and all that they load, by the names under which they are served."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        links = _LINKS.get(posixpath.splitext(name)[1])
        if links:
            folder = posixpath.dirname(name)
            found = links.findall(_path(name).read_text("utf-8"))
            waiting += [posixpath.normpath(posixpath.join(folder, link)) for link in found]


def _path(name: str) -> Path:
    """Where a file lies. Files with hashed names exist only where static files are collected."""
    found = finders.find(name)
    return Path(found if isinstance(found, str) else staticfiles_storage.path(name))
