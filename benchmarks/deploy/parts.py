"""The parts of `make deploy-report`: two releases, two web processes, and the real proxy."""

import http.client
import io
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from devtools.report_site import ROOT, SiteError
from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

SECONDS_TO_START = 90
_SOURCES = ("manage.py", "ml", "mnist_site", "recognizer", "static", "templates")
_OUTLIVED = "\n// Of another release: its name is another one.\n"
_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recognizer", "{last}")]
    operations = [
        migrations.AddField(
            "drawing",
            "made_by",
            models.CharField(max_length=20, default="the new code", db_default="the old code"),
        ),
        migrations.AddIndex("drawing", models.Index(fields=["made_by"], name="made_by")),
    ]
"""
_FIELD = """

Drawing.add_to_class(
    "made_by",
    models.CharField(max_length=20, default="the new code", db_default="the old code"),
)
"""


@dataclass(frozen=True)
class Release:
    """The code of a release and its static files."""

    name: str
    code: Path
    static: Path

    def manage(self, env: dict[str, str], *arguments: str) -> None:
        """Run `manage.py`.

        Raises:
            SiteError: the command failed.
        """
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            cwd=self.code,
            env=self.environment(env),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SiteError(f"{arguments[0]} of {self.name}: {done.stdout}{done.stderr}")

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        return os.environ | env | {"STATIC_ROOT": str(self.static), "PYTHONPATH": ""}


def old_release(folder: Path, revision: str = "") -> Release:
    """Return the code of a git revision, or the working copy's if none is given.

    Raises:
        SiteError: git does not know the revision.
    """
    static = folder / "static-of-old"
    if not revision:
        return Release("the old release", ROOT, static)
    code = folder / "old"
    code.mkdir()
    packed = subprocess.run(
        ["git", "archive", revision], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode:
        raise SiteError(packed.stderr.decode().strip())
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(code, filter="data")
    return Release(f"the old release ({revision})", code, static)


def new_release(folder: Path) -> Release:
    """Return a copy with another column, which its code fills, and a changed page script."""
    code = folder / "new"
    code.mkdir()
    for name in _SOURCES:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(source, code / name, ignore=ignored)
        else:
            shutil.copy(source, code / name)
    migrations = code / "recognizer" / "migrations"
    last = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "9999_made_by.py").write_text(_MIGRATION.format(last=last))
    for path, added in [
        (code / "recognizer" / "models" / "drawing.py", _FIELD),
        (code / "static" / "recognizer" / "js" / "draw_page.js", _OUTLIVED),
    ]:
        with path.open("a") as file:
            file.write(added)
    return Release("the new release", code, folder / "static-of-new")


class Web:
    """A web process, which keeps its address over restarts."""

    def __init__(self, env: dict[str, str]) -> None:
        self.port = free_port()
        self._env = env | {"WEB_HOST": "127.0.0.1", "WEB_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, release: Release) -> None:
        """Start serving this release, and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "web"],
            cwd=release.code,
            env=release.environment(self._env),
            preexec_fn=die_with_parent(),
        )
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(self.port, "/healthz"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SiteError(f"A web process of {release.name} does not start.")
            time.sleep(0.1)

    def stop(self) -> float:
        """Stop it as `docker stop` does, and return how many seconds it took.

        Raises:
            SiteError: it exited with an error.
        """
        if self._process is None:
            return 0.0
        asked_at = time.monotonic()
        self._process.terminate()
        code = self._process.wait(timeout=60)
        self._process = None
        # It exits after its notice period, or by the signal if it has none.
        if code not in {0, -15}:
            raise SiteError(f"A web process ended with {code}.")
        return time.monotonic() - asked_at


class Proxy:
    """Caddy with the project's Caddyfile and a self-made certificate."""

    def __init__(self, folder: Path, static: Path, webs: list[Web]) -> None:
        self.port = free_port()
        self._home = folder / "caddy"
        env = os.environ | {
            "SITE_ADDRESS": "localhost",
            "HTTPS_PORT": str(self.port),
            "HTTP_PORT": str(free_port()),
            "CADDY_ADMIN": f"localhost:{free_port()}",
            "WEB_UPSTREAMS": " ".join(f"127.0.0.1:{web.port}" for web in webs),
            "STATIC_PARENT": str(static.parent),
            **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(self._home)),
        }
        with (folder / "caddy.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*("caddy", "run", "--adapter", "caddyfile"), "--config", f"{ROOT}/Caddyfile"],
                env=env,
                stderr=log,
                preexec_fn=die_with_parent(),
            )
        self.trusted = self._certificate()

    def _certificate(self) -> ssl.SSLContext:
        """Wait for the proxy, and return an SSL context that trusts only its certificate."""
        root = self._home / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self._process.poll() is None:
            if root.is_file():
                trusted = ssl.create_default_context(cafile=str(root))
                if _answers(self.port, "/healthz", trusted):
                    return trusted
            time.sleep(0.1)
        raise SiteError("Caddy does not start.")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


def _answers(port: int, path: str, trusted: ssl.SSLContext | None = None) -> bool:
    asking = (
        http.client.HTTPSConnection("localhost", port, timeout=5, context=trusted)
        if trusted
        else http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    )
    try:
        asking.request("GET", path)
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
