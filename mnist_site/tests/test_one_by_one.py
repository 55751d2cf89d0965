"""Starting the parts of the site one by one, as containers do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from mnist_site.static_files import HashedStaticStorage
from recognizer.models import ModelVersion
from recognizer.running import preparation

pytestmark = pytest.mark.django_db


def release(folder: Path, monkeypatch: Any, settings: Any, **hashed: str) -> None:
    """Static files as `collectstatic` stores them: under their plain and their hashed names."""
    folder.mkdir()
    paths = {f"js/{name}.js": f"js/{name}.{digest}.js" for name, digest in hashed.items()}
    (folder / "js").mkdir()
    for plain, with_hash in paths.items():
        for name in (plain, with_hash, f"{with_hash}.gz"):
            (folder / name).write_text(name)
    manifest = {"version": "1.1", "hash": "", "paths": paths}
    (folder / "staticfiles.json").write_text(json.dumps(manifest))
    settings.STATIC_ROOT = folder
    storage = HashedStaticStorage(location=folder, base_url="/static/")
    monkeypatch.setattr(preparation, "staticfiles_storage", storage)


def test_static_files_of_every_release_lie_beside_each_other(tmp_path, monkeypatch, settings):
    shared = tmp_path / "shared"
    printed: list[str] = []
    release(tmp_path / "old", monkeypatch, settings, draw="0123456789ab", pen="111111111111")
    preparation.share_static(shared, printed.append)
    written = (shared / "js" / "pen.111111111111.js").stat().st_ino
    release(tmp_path / "new", monkeypatch, settings, draw="ffffffffffff", pen="111111111111")
    preparation.share_static(shared, printed.append)
    # Never under a name that another release uses for other content.
    assert {path.name for path in shared.rglob("*") if path.is_file()} == {
        f"{name}{gz}"
        for name in ("draw.0123456789ab.js", "draw.ffffffffffff.js", "pen.111111111111.js")
        for gz in ("", ".gz")
    }
    assert (shared / "js" / "pen.111111111111.js").stat().st_ino == written
    assert printed == ["Shared 4 new static files.", "Shared 2 new static files."]


def test_what_is_prepared_once_is_not_prepared_again(capsys):
    call_command("prepare")
    assert "Registered the shipped model" in capsys.readouterr().out
    call_command("prepare")
    assert capsys.readouterr().out == ""
    assert ModelVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("web", ["-m", "mnist_site.server"]),
        ("worker", ["-m", "celery", "worker", "threads"]),
        ("beat", ["-m", "celery", "beat"]),
    ],
)
def test_serving_a_part_becomes_its_process(monkeypatch, part, words):
    became: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *given: became.append(given))
    call_command("serve", part)
    ((program, command, env),) = became
    assert program == command[0]
    assert set(words) < set(command)
    # It binds its own socket, and gives the notice that the settings define.
    assert "--fd" not in command
    assert env.get("WEB_NOTICE_SECONDS") == os.environ.get("WEB_NOTICE_SECONDS")
