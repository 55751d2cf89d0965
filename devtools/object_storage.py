"""A real S3 server in its own process."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "only-for-tests"}
BUCKET = "models"
_SECONDS_TO_START = 60


@contextmanager
def object_storage(host: str = "127.0.0.1") -> Iterator[str]:
    """Run an S3 server with an empty bucket and yield its URL.

    Raises:
        RuntimeError: the server does not start.
    """
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(),
    )
    try:
        _make_bucket(f"http://{host}:{port}", process)
        yield f"http://{host}:{port}"
    finally:
        process.kill()
        process.wait(timeout=10)


def client(url: str) -> Any:
    """Return a plain S3 client, to look at what is stored."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(connect_timeout=1, retries={"total_max_attempts": 1}),
    )


def _make_bucket(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    asking = client(url)
    while process.poll() is None and time.monotonic() < deadline:
        try:
            asking.create_bucket(Bucket=BUCKET)
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The object storage does not start")
