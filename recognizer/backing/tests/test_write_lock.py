"""The write lock on SQLite."""

import fcntl
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from recognizer.backing import write_lock
from recognizer.backing.write_lock import hold_write_lock


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The path of the lock file, as if the database were an SQLite file."""
    database = SimpleNamespace(
        vendor="sqlite",
        is_in_memory_db=lambda: False,
        settings_dict={"NAME": tmp_path / "db.sqlite3", "OPTIONS": {"timeout": 0.3}},
    )
    monkeypatch.setattr(write_lock, "connection", database)
    return tmp_path / "db.sqlite3-turn"


def test_one_writes_at_a_time(on_disk: Path) -> None:
    with hold_write_lock(), on_disk.open("ab") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with on_disk.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_who_has_waited_as_long_as_for_the_database_gives_up(on_disk: Path) -> None:
    with on_disk.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        threading.Timer(0.5, fcntl.flock, (other, fcntl.LOCK_UN)).start()
        started = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), hold_write_lock():
            pass
        assert time.monotonic() - started >= 0.3
    with hold_write_lock():
        pass


def test_where_no_file_can_be_made_the_database_counts_as_away(on_disk: Path) -> None:
    on_disk.mkdir()
    with pytest.raises(OperationalError, match="cannot be opened"), hold_write_lock():
        pass
