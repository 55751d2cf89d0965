"""What the web process must never load."""

import os
import subprocess
import sys
from pathlib import Path

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


def printed_by(program: str, tmp_path: Path) -> str:
    # A folder without a database: the site has to load all the same.
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
