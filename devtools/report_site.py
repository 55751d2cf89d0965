"""A separate site for a report: `manage.py up`, and people who use it over HTTP."""

import base64
import http.client
import io
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image

from devtools import processes
from ml.contract import Drawn, Ink
from recognizer.running.lifetime import die_with_parent
from recognizer.running.valkey import free_port

ROOT = Path(__file__).resolve().parents[1]
SECONDS_TO_START = 180
WEB_PROCESSES = 2


class SiteError(RuntimeError):
    """The site did not do what the report asked for."""


def environment(var_dir: Path) -> dict[str, str]:
    """Return settings that share nothing with the developer's own site."""
    unset = dict.fromkeys(re.findall(r"(?m)^([A-Z_]+)=", (ROOT / ".env.example").read_text()), "")
    # All visitors of a report share one address.
    unset |= {name: "none" for name in unset if name.startswith("THROTTLE_")}
    return unset | {
        "SECRET_KEY": secrets.token_urlsafe(40),
        "VAR_DIR": str(var_dir),
        "WEB_PORT": str(free_port()),
        "WEB_PROCESSES": str(WEB_PROCESSES),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "mnist_site.settings",
    }


class Site:
    """A running `manage.py up`; `stop` ends all its processes."""

    def __init__(self, env: dict[str, str]) -> None:
        self.port, self._output = int(env["WEB_PORT"]), ""
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--with-parent"],
            cwd=ROOT,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._password = self._wait_for(r"password: (\S+)")
        self._wait_for(r"(Ready) on http")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)

    def staff(self) -> "Staff":
        """Return a visitor who is logged in to the admin."""
        return Staff(self.port, self._password)

    def cpu_seconds_of_worker(self) -> float | None:
        """Return the CPU time of the Celery worker and its finished runs; None outside Linux."""
        for child in processes.children(self.pid):
            if "worker" in processes.command_of(child):
                return processes.cpu_seconds(child, of_ended_children=True)
        return None

    def web_processes(self) -> list[int]:
        """Return their process ids; empty outside Linux."""
        of_site = processes.children(self.pid)
        return [child for child in of_site if "mnist_site.server" in processes.command_of(child)]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """Return the output of all parts so far."""
        return self._output

    def _read(self) -> None:
        assert self._process.stdout is not None  # it is a pipe
        for line in self._process.stdout:
            self._output += line

    def _wait_for(self, pattern: str) -> str:
        deadline = time.monotonic() + SECONDS_TO_START
        while not (found := re.search(pattern, self._output)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SiteError(f"The site does not start:\n{self._output}")
            time.sleep(0.05)
        return found[1]


class Visitor:
    """One person's browser: a connection and cookies. Not thread-safe."""

    def __init__(self, port: int, patience_seconds: float = 60) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_seconds)
        self.cookies: SimpleCookie = SimpleCookie()

    def request(
        self, method: str, path: str, body: str | None = None, kind: str = "application/json"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request, again if the server has closed the idle connection."""
        headers = {"Content-Type": kind} if body is not None else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{m.key}={m.value}" for m in self.cookies.values())
        try:
            response = self._send(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            response = self._send(method, path, body, headers)
        content = response.read()
        for value in response.headers.get_all("Set-Cookie") or []:
            self.cookies.load(value)
        return response, content

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API under /api/v1/.

        Raises:
            SiteError: the call did not succeed.
        """
        sent = None if body is None else json.dumps(body)
        response, content = self.request(method, f"/api/v1/{path}", sent)
        if response.status >= 300:
            raise SiteError(f"{method} {path}: {response.status} {content[:300]!r}")
        return json.loads(content)

    def close(self) -> None:
        self._connection.close()


class Staff(Visitor):
    """A visitor who has logged in and uses the admin."""

    def __init__(self, port: int, password: str) -> None:
        # An action on a thousand drawings can take minutes.
        super().__init__(port, patience_seconds=600)
        self.get("/admin/login/")
        self.post("/admin/login/", username="admin", password=password, next="/admin/")

    def get(self, path: str) -> str:
        response, content = self.request("GET", path)
        if response.status != 200:
            raise SiteError(f"GET {path}: {response.status}")
        return content.decode()

    def post(self, path: str, **fields: str) -> str:
        """Submit a form and return the address that it redirects to.

        Raises:
            SiteError: the form was not accepted.
        """
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"].value}
        body = urlencode(token | fields)
        response, content = self.request("POST", path, body, "application/x-www-form-urlencoded")
        if response.status != 302:
            said = re.sub(r"<[^>]*>|\s+", " ", content.decode(errors="replace"))
            raise SiteError(f"POST {path}: {response.status} {said[-500:]}")
        return response.headers["Location"] or ""

    def act_on_all_drawings(self, action: str) -> str:
        """Run an action on all drawings and return the address that it redirects to."""
        listed = self.get("/admin/recognizer/drawing/")
        first = re.search(r'name="_selected_action" value="(\d+)"', listed)
        if first is None:
            raise SiteError("The admin lists no drawings.")
        return self.post(
            "/admin/recognizer/drawing/",
            action=action, select_across="1", index="0", _selected_action=first[1],
        )  # fmt: skip


def body_of(drawn: Drawn) -> dict[str, Any]:
    """Return the request body that a browser sends for a drawing."""
    if isinstance(drawn, Ink):
        strokes = [np_stroke[:, :2].round(2).tolist() for np_stroke in drawn.strokes]
        return {"strokes": strokes, "width": drawn.width, "height": drawn.height}
    png = io.BytesIO()
    Image.fromarray(drawn.pixels).save(png, "PNG")
    return {"image": "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()}
