"""Backup and restore of the whole site: the database and the files of its versions."""

from recognizer.backups.archive import BackupError, NotEmptyError
from recognizer.backups.making import Made, make
from recognizer.backups.restoring import restore

__all__ = ["BackupError", "Made", "NotEmptyError", "make", "restore"]
