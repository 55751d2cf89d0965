"""Storage of model files in an S3 bucket. Importing this module imports boto3."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from recognizer.backing.storage import StorageAwayError

_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 3, 10
_SECONDS_OF_REST = 2.0
"""How long calls fail at once after a timeout, so that reading many files waits only once."""


class BucketStorage(S3Storage):
    """S3 storage that fails fast and, like a disk, with an OSError.

    All threads share one connection and make one call at a time: a boto3 session takes
    megabytes, and model files are rarely read.
    """

    _lock = threading.RLock()

    def __init__(self, *, addressing_style: str, endpoint_url: str | None, **options: Any) -> None:
        # Services other than Amazon's may not support its newest checksums. Every file's
        # SHA-256 is checked anyway.
        when = "when_required" if endpoint_url else "when_supported"
        config = Config(
            connect_timeout=_SECONDS_TO_CONNECT,
            read_timeout=_SECONDS_TO_ANSWER,
            retries={"total_max_attempts": 2, "mode": "standard"},
            s3={"addressing_style": addressing_style},
            signature_version="s3v4",
            request_checksum_calculation=when,
            response_checksum_validation=when,
        )
        super().__init__(
            client_config=config,
            endpoint_url=endpoint_url,
            transfer_config=TransferConfig(use_threads=False),
            file_overwrite=False,
            **options,
        )
        self._connections = SimpleNamespace()
        self._resting: tuple[float, str] = (float("-inf"), "")

    def exists(self, name: str) -> bool:
        with self._call(name):
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with self._call(name):
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._call(path):
            folders, files = super().listdir(path)
            return folders, files

    def size(self, name: str) -> int:
        with self._call(name):
            return int(super().size(name))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError(f"{mode!r}: files in a bucket are opened to be read whole.")
        with self._call(name):
            answer = self.bucket.Object(self._normalize_name(name)).get()
            return ContentFile(answer["Body"].read(), name)

    def _save(self, name: str, content: Any) -> str:
        with self._call(name):
            return str(super()._save(name, content))

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        with self._lock:
            until, reason = self._resting
            if time.monotonic() < until:
                raise StorageAwayError(reason)
            try:
                yield
            except ClientError as error:
                about = error.response.get("Error", {}).get("Code", "")
                if about in {"NoSuchKey", "404"}:
                    raise FileNotFoundError(name) from error
                raise StorageAwayError(f"The bucket {self.bucket_name}: {error}") from error
            except (NoConnectionError, HTTPClientError) as error:
                reason = f"The bucket {self.bucket_name} does not answer: {error}"
                self._resting = (time.monotonic() + _SECONDS_OF_REST, reason)
                raise StorageAwayError(reason) from error
            except (BotoCoreError, Boto3Error) as error:
                raise StorageAwayError(f"The bucket {self.bucket_name}: {error}") from error
