"""What the web process must never load, and what must be installed for it."""

import ast
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

LOAD_THE_SITE = """
import sys
import mnist_site.asgi
from django.contrib import admin
from django.urls import get_resolver
names = list(get_resolver().reverse_dict)
admin.autodiscover()
print(len(names), sorted({"tensorflow", "keras", "boto3"} & set(sys.modules)))
"""

LOAD_UP = """
import django, sys
django.setup()
import recognizer.management.commands.up
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""

# Prints our files that a web process, beat or a command may load, and what settings name.
LOAD_ALL_BUT_WHAT_RUNS_ELSEWHERE = """
import sys
import mnist_site.asgi
import importlib, pathlib
from django.conf import settings
here, elsewhere = pathlib.Path.cwd(), {"tests", "bucket.py", "up.py", "valkey.py"}
for file in pathlib.Path("recognizer").rglob("*.py"):
    if not elsewhere & {*file.parts}:
        importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
ours = [getattr(sys.modules[name], "__file__", None) for name in sys.modules
        if name.partition(".")[0] in {"ml", "mnist_site", "recognizer"}]
named = [name.partition(".")[0] for name in [*settings.INSTALLED_APPS, *settings.MIDDLEWARE]]
print(*filter(None, ours), "|", *named)
"""


def printed_by(program: str, tmp_path: Path) -> str:
    # The folder has no database, but the site must still load.
    env = os.environ | {"VAR_DIR": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_site_loads_neither_tensorflow_nor_keras_nor_what_speaks_s3(tmp_path):
    urls, loaded = printed_by(LOAD_THE_SITE, tmp_path).split(" ", 1)
    assert int(urls) > 0
    assert loaded == "[]"


def test_up_itself_loads_neither(tmp_path):
    assert printed_by(LOAD_UP, tmp_path) == "[]"


def imported_by(file: Path) -> set[str]:
    """The packages that a file imports, including inside functions."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    others = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in plain + others}


def distributions_of(file: Path) -> set[str]:
    """The distributions that a requirements file names, and those that they require."""
    named = [Requirement(line) for line in re.findall(r"(?m)^\w\S+", file.read_text())]
    required = [
        further.name
        for one in named
        for further in map(Requirement, metadata.requires(one.name) or [])
        for extra in ("", *one.extras)
        if further.marker is None or further.marker.evaluate({"extra": extra})
    ]
    return {one.name for one in named} | set(required)


def test_whatever_a_web_process_may_import_comes_with_its_requirements(tmp_path):
    files, settings = printed_by(LOAD_ALL_BUT_WHAT_RUNS_ELSEWHERE, tmp_path).split("|")
    imported = set(settings.split()).union(*(imported_by(Path(file)) for file in files.split()))
    installed = distributions_of(ROOT / "requirements-web.txt")
    owners = metadata.packages_distributions()
    # A name without an owner is in the standard library.
    missing = {
        name: owners[name]
        for name in imported - {"ml", "mnist_site", "recognizer"}
        if name in owners and not installed & set(owners[name])
    }
    assert len(files.split()) > 100
    assert imported >= {"django", "numpy", "whitenoise", "ai_edge_litert"}
    assert missing == {}
