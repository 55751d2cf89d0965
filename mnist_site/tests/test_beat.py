import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from celery.beat import PersistentScheduler


class EndedWhileItStarts(PersistentScheduler):
    """A scheduler that receives SIGTERM while it is being built."""

    def __init__(self, *arguments: Any, lazy: bool = False, **named: Any) -> None:
        if not lazy:
            os.kill(os.getpid(), signal.SIGTERM)
        super().__init__(*arguments, lazy=lazy, **named)


@pytest.mark.services
def test_beat_ends_in_good_order_while_it_still_starts(tmp_path):
    scheduler = f"{__name__}:{EndedWhileItStarts.__name__}"
    command = "-m celery --quiet --app mnist_site beat --pidfile= --scheduler".split()

    ended = subprocess.run(
        [sys.executable, *command, scheduler, "--schedule", str(tmp_path / "schedule")],
        env=os.environ | {"VAR_DIR": str(tmp_path), "SECRET_KEY": "only-for-tests"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stdout
    assert "Traceback" not in ended.stdout
