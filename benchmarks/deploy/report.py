"""`make deploy-report`: can a release be replaced and rolled back without a failed request?

Two web processes run behind the real proxy, with the project's Caddyfile, on PostgreSQL and
Valkey. While visitors predict, save and browse, the database is migrated. Then the processes are
replaced one by one by a release with another column, and rolled back to the old one.
"""

import argparse
import http.client
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.common.aims import as_markdown
from benchmarks.common.figures import publish, say, write
from benchmarks.deploy.parts import Proxy, Release, Web, new_release, old_release
from benchmarks.deploy.visitors import Told, Visitor, sign_in_wrongly, visitors
from devtools.report_site import SiteError, environment
from recognizer.running.valkey import EmbeddedValkey

NOTICE_SECONDS = 4
SECONDS_BETWEEN = 3.0
"""After a process answers, before the next is replaced: the proxy looks once a second."""

DRAWING: dict[str, Any] = {
    "strokes": [[[85, 65], [190, 65], [125, 225]]], "width": 280, "height": 280,
}  # fmt: skip
SIGN_INS = 5


def settings_of(folder: Path, redis_url: str, notice_seconds: int) -> dict[str, str]:
    """Return the settings of compose.yaml, for one machine without containers."""
    return environment(folder / "var") | {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": redis_url,
        "ALLOWED_HOSTS": "localhost",
        "HTTPS": "true",
        "TRUSTED_PROXIES": "127.0.0.1",
        "WEB_NOTICE_SECONDS": str(notice_seconds),
        "THROTTLE_ADDRESS_LOGIN": f"{SIGN_INS}/hour",
    }


def collect(release: Release, folder: Path) -> None:
    """Collect static files as the image build does, without a database or a secret."""
    env = environment(folder / "nowhere") | {"DATABASE_URL": "sqlite://:memory:"}
    release.manage(env, "collectstatic", "--noinput", "--ignore", "tests", "--verbosity", "0")


class Site:
    """All running parts, and how long its web processes took to end."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._env, self._shared = env, folder / "shared" / "static"
        self.webs = [Web(env), Web(env)]
        self._folder = folder
        self.seconds_to_end: list[float] = []

    @contextmanager
    def running(self, release: Release) -> Iterator[Proxy]:
        with ExitStack() as at_the_end:
            self.prepare(release)
            for web in self.webs:
                at_the_end.callback(web.stop)
                web.start(release)
            proxy = Proxy(self._folder, self._shared, self.webs)
            at_the_end.callback(proxy.stop)
            yield proxy

    def prepare(self, release: Release) -> None:
        release.manage(self._env, "prepare", "--share-static", str(self._shared))

    def replace_by(self, release: Release) -> None:
        """Replace one web process after the other, while the other one answers."""
        for web in self.webs:
            self.seconds_to_end.append(web.stop())
            web.start(release)
            time.sleep(SECONDS_BETWEEN)


def measure(
    folder: Path, redis_url: str, notice_seconds: int, revision: str = ""
) -> dict[str, Any]:
    """Run the whole report and return its counts."""
    old, new = old_release(folder, revision), new_release(folder)
    say("collecting the static files of both releases")
    for release in (old, new):
        collect(release, folder)
    site = Site(folder, settings_of(folder, redis_url, notice_seconds))
    say("starting the old release")
    with site.running(old) as proxy:
        with visitors(proxy.port, proxy.trusted, DRAWING) as told:
            time.sleep(SECONDS_BETWEEN)
            say("migrating while the old release runs")
            site.prepare(new)
            time.sleep(SECONDS_BETWEEN)
            say("replacing both web processes with the new release")
            site.replace_by(new)
            say("rolling back to the old release on the migrated database")
            site.replace_by(old)
        seen = what_the_proxy_says(proxy)
    return {**counted(told, site), **seen}


def counted(told: Told, site: Site) -> dict[str, Any]:
    saved = told.answers["saving"] + told.answers["slow saving"]
    lost = [one for one in told.failures if "saving" in one]
    return {
        "requests": sum(told.answers.values()),
        "failed_requests": len(told.failures),
        "first_failures": told.failures[:10],
        "by_kind": dict(sorted(told.answers.items())),
        "pages_by_release": sorted(told.pages.values()),
        "drawings_answered": saved - len(lost),
        "drawings_stored": drawings_by_code(),
        "slowest_answer_seconds": round(told.slowest_seconds, 2),
        "seconds_to_end": [round(seconds, 1) for seconds in site.seconds_to_end],
    }


def drawings_by_code() -> dict[str, int]:
    """Return how many drawings the code of each release stored."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT made_by, count(*) FROM recognizer_drawing GROUP BY made_by ORDER BY made_by"
        ).fetchall()
    return {str(code): int(count) for code, count in rows}


def what_the_proxy_says(proxy: Proxy) -> dict[str, Any]:
    """Send the proxy forged client addresses and too long bodies, and return the statuses."""
    with ExitStack() as at_the_end:

        def visitor(address: str = "127.0.0.1") -> Visitor:
            made = Visitor(proxy.port, proxy.trusted, Told(), address)
            return at_the_end.enter_context(closing(made))

        made_up = [
            sign_in_wrongly(visitor(), f"nobody{n}", X_Forwarded_For=f"198.51.100.{n}")
            for n in range(SIGN_INS + 2)
        ]
        elsewhere = sign_in_wrongly(visitor("127.0.0.2"), "nobody")
        too_long = visitor().announce("/api/v1/predict/", 5_000_001)
        endless = _status_of_an_endless_body(visitor())
        then, _ = visitor().send("GET", "/healthz")
    return {
        "sign_ins_with_made_up_addresses": made_up,
        "sign_in_from_another_address": elsewhere,
        "body_over_the_limit": too_long,
        "body_without_a_length": endless,
        "healthz_after_these": then,
    }


def _status_of_an_endless_body(visitor: Visitor) -> int:
    """Return the status of a too long body without a declared length; 0 if cut off."""
    try:
        return visitor.send_without_length("/api/v1/predict/", "x" * 20_000_000)
    except (OSError, http.client.HTTPException):
        return 0


def in_words(figures: dict[str, Any]) -> str:
    """Return the main figures as a Markdown table."""
    stored, ends = figures["drawings_stored"], figures["seconds_to_end"]
    rows = [
        ("requests, and how many failed", f"{figures['requests']:,}, {figures['failed_requests']}"),
        (
            "drawings answered as saved, and stored",
            f"{figures['drawings_answered']:,}, {sum(stored.values()):,}",
        ),
        (
            "stored by the old release, and by the new one",
            f"{stored['the old code']:,}, {stored['the new code']:,}",
        ),
        ("slowest answer", f"{figures['slowest_answer_seconds']:.2f} s"),
        ("a web process ends after", f"{min(ends):.1f} to {max(ends):.1f} s"),
    ]
    return as_markdown(("what", "measured"), rows)


def shortcomings(figures: dict[str, Any]) -> list[str]:
    """Return the checks that failed."""
    stored = sum(figures["drawings_stored"].values())
    throttled = figures["sign_ins_with_made_up_addresses"]
    held = {
        "a request failed": figures["failed_requests"] == 0,
        "a drawing was lost, or stored twice": figures["drawings_answered"] == stored,
        "one of the releases never stored anything": len(figures["drawings_stored"]) == 2,
        "one of the releases never answered": len(figures["pages_by_release"]) == 2,
        "a made-up address dodges the throttle": throttled == [200] * SIGN_INS + [429] * 2,
        "the throttle hits others too": figures["sign_in_from_another_address"] == 200,
        "a long body is not a 413": figures["body_over_the_limit"] == 413,
        "an endless body passes": figures["body_without_a_length"] in {0, 413, 502},
        "long bodies shut others out": figures["healthz_after_these"] == 200,
    }
    return [what for what, holds in held.items() if not holds]


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run a separate Valkey and yield its URL."""
    prepared = EmbeddedValkey.prepare(folder / "valkey")
    with prepared.running():
        yield prepared.url


def main(argv: Sequence[str] | None = None) -> int:
    """Run the report and return the exit status."""
    parser = argparse.ArgumentParser(prog="make deploy-report", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("reports/deploy.json"))
    parser.add_argument(
        "--notice", type=int, default=NOTICE_SECONDS, help="WEB_NOTICE_SECONDS (%(default)s)"
    )
    parser.add_argument(
        "--old", default="", metavar="REVISION", help="the release to replace (default: this code)"
    )
    arguments = parser.parse_args(argv)
    with TemporaryDirectory(prefix="deploy-report-") as name, valkey(Path(name)) as redis_url:
        try:
            figures = measure(Path(name), redis_url, arguments.notice, arguments.old)
        except SiteError as error:
            sys.exit(f"make deploy-report: {error}")
    write(figures, arguments.output)
    for what, figure in figures.items():
        sys.stdout.write(f"{what.replace('_', ' '):36}{figure}\n")
    publish("deploy-report", in_words(figures))
    wrong = shortcomings(figures)
    for what in wrong:
        say(f"FAILED: {what}")
    return 1 if wrong else 0
