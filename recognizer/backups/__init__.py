"""The whole site in one file, and back: its database and the files of its model versions."""

from recognizer.backups.archive import BackupError, NotEmptyError
from recognizer.backups.making import Made, make
from recognizer.backups.restoring import restore

__all__ = ["BackupError", "Made", "NotEmptyError", "make", "restore"]
