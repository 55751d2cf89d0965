"""`manage.py up` with its real processes: Valkey, web servers, worker and beat."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.running_site import (
    ROOT,
    SECONDS_TO_START,
    UP,
    RunningUp,
    assert_nothing_is_left,
    environment,
    processes_of,
)
from recognizer.running.valkey import free_port

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VAR_DIR after one start: database, static files, account. Copy it before use."""
    var_dir = tmp_path_factory.mktemp("prepared") / "var"
    up = RunningUp(UP, environment(var_dir))
    try:
        up.wait_for("Ready on")
    finally:
        up.interrupt()
    return var_dir


@pytest.fixture
def env(tmp_path: Path, prepared: Path) -> dict[str, str]:
    """The environment of a new site that has been started once."""
    shutil.copytree(prepared, tmp_path / "var", ignore=shutil.ignore_patterns("valkey"))
    return environment(tmp_path / "var")


@pytest.fixture
def start_up(env: dict[str, str]) -> Iterator[Callable[..., RunningUp]]:
    started: list[RunningUp] = []

    def start(command: list[str] = UP) -> RunningUp:
        started.append(RunningUp(command, env))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()
    for pid in processes_of(env):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def refusal(env: dict[str, str], **changes: str) -> str:
    """The one line that `up` prints when it refuses to start, with a non-zero exit code."""
    done = subprocess.run(
        UP, cwd=ROOT, env=env | changes, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_up_answers_and_ctrl_c_leaves_no_process(env, start_up):
    up = start_up()
    up.wait_for(r"Ready on http://127\.0\.0\.1:\d+")
    up.wait_for(r"(?m)^web\.1 +\|")
    with urllib.request.urlopen(up.url, timeout=10) as answer:
        assert answer.status == 200
    # up, Valkey, two web servers, worker, beat
    assert len(processes_of(env)) == 6

    assert up.interrupt() == 0

    assert_nothing_is_left(env, within=1)
    assert "Traceback" not in up.output


def test_sigterm_ends_everything_too(env, start_up):
    up = start_up()
    up.wait_for("Ready on")

    up.process.terminate()

    assert up.process.wait(timeout=40) == 0
    assert_nothing_is_left(env, within=1)


def test_several_signals_at_once_still_end_it_in_good_order(env, start_up):
    up = start_up()
    up.wait_for("Ready on")

    # The signals of a closing terminal, and of `make` ending.
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        up.process.send_signal(number)

    assert up.process.wait(timeout=40) == 0
    assert_nothing_is_left(env, within=1)
    assert "Traceback" not in up.output


def test_a_second_ctrl_c_ends_everything_at_once(env, start_up):
    up = start_up()
    up.wait_for("Ready on")
    stubborn = next(
        pid
        for pid in processes_of(env)
        if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    )
    os.kill(stubborn, signal.SIGSTOP)
    # Wait until the worker has stopped, so that SIGINT cannot end it before.
    while Path(f"/proc/{stubborn}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.01)
    up.process.send_signal(signal.SIGINT)
    time.sleep(2)
    assert up.process.poll() is None, up.output

    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(timeout=3) == 0
    assert_nothing_is_left(env, within=1)


def test_ctrl_c_during_the_start_leaves_no_process(env, start_up):
    up = start_up()
    up.wait_for(r"valkey +\|")
    assert "Ready on" not in up.output

    assert up.interrupt() == 0

    assert_nothing_is_left(env, within=1)
    assert "Traceback" not in up.output


def test_nothing_is_left_when_up_itself_is_killed(env, start_up):
    up = start_up()
    up.wait_for("Ready on")

    up.process.kill()

    assert_nothing_is_left(env)


def test_nothing_is_left_when_make_is_killed(env, start_up):
    # A shell stands in for make; the colon keeps it from exec'ing `up`.
    up = start_up(["sh", "-c", f"{sys.executable} manage.py up --with-parent; :"])
    up.wait_for("Ready on")

    up.process.kill()

    assert_nothing_is_left(env, within=30)


def test_a_part_that_dies_is_started_again(env, start_up):
    up = start_up()
    up.wait_for("Ready on")
    web = next(
        pid
        for pid in processes_of(env)
        if b"mnist_site.server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )

    os.kill(web, signal.SIGKILL)

    up.wait_for(r"web\.\d was killed by signal 9; starting it again")
    with urllib.request.urlopen(up.url, timeout=30) as answer:
        assert answer.status == 200
    assert up.interrupt() == 0


def test_the_password_is_shown_once_and_the_second_start_is_quick(env, start_up, capsys):
    shutil.rmtree(env["VAR_DIR"])
    first = start_up()
    first.wait_for("Ready on")
    assert len(re.findall(r"user name: admin +password: \S{12,}", first.output)) == 1
    assert first.interrupt() == 0, first.output

    second = start_up()
    seconds = second.wait_for("Ready on")

    assert second.interrupt() == 0
    assert "password" not in second.output, second.output
    assert "Applying" not in second.output
    assert "Collecting" not in second.output
    with capsys.disabled():
        print(f"\nsecond start: {seconds:.1f} s")
    # The aim is 10 s; the rest allows for a busy machine.
    assert seconds < 20


def test_a_taken_port_is_one_clear_line(env):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} of 127.0.0.1 is taken" in refusal(env, WEB_PORT=port)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://somebody:secret@127.0.0.1/x",
        "postgres://somebody:secret@127.0.0.1:1/x",
        "sqlite:////proc/no-such-folder/db.sqlite3",
    ],
)
def test_a_broken_database_url_is_one_clear_line(env, url):
    line = refusal(env, DATABASE_URL=url)
    assert "DATABASE_URL" in line
    assert "secret" not in line


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:1/0", "nonsense"])
def test_an_unreachable_redis_url_is_one_clear_line(env, url):
    line = refusal(env, REDIS_URL=url)
    assert "REDIS_URL" in line
    assert "secret" not in line


def test_a_second_up_on_the_same_folder_is_refused(env, start_up):
    first = start_up()
    first.wait_for("Ready on")

    line = refusal(env, WEB_PORT=str(free_port()))

    assert "Another `manage.py up` is running" in line
    assert first.interrupt() == 0


def test_a_given_redis_is_used_instead_of_an_own_one(env, start_up, valkey_url):
    env["REDIS_URL"] = valkey_url
    up = start_up()
    up.wait_for("Ready on")

    assert not (Path(env["VAR_DIR"]) / "valkey").exists()
    assert up.interrupt() == 0


def test_a_part_that_never_stays_up_ends_everything(env, start_up):
    # Shadows the real package, which only the web servers import.
    env["PYTHONPATH"] = str(Path(env["VAR_DIR"]).parent)
    (Path(env["PYTHONPATH"]) / "uvloop.py").write_text("raise RuntimeError('broken on purpose')")
    up = start_up()

    code = up.process.wait(timeout=SECONDS_TO_START)

    assert code == 1
    assert "again and again" in up.output
    assert_nothing_is_left(env, within=1)
