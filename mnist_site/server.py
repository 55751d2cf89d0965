"""uvicorn, as this site runs it: `python -m mnist_site.server`, one web process.

It listens on WEB_HOST and WEB_PORT, or on a socket that it has inherited.
"""

import argparse
import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings

from mnist_site.http_limits import LimitedHttp
from recognizer.running import shutdown


class Server(uvicorn.Server):
    """A server that gives notice before it stops.

    After SIGTERM it keeps serving for `notice_seconds` while /healthz fails, so that a proxy
    sends new requests elsewhere. Then it closes its socket and finishes open requests.
    A second SIGTERM, or Ctrl-C, ends the notice early.
    """

    def __init__(self, config: uvicorn.Config, notice_seconds: float) -> None:
        super().__init__(config)
        self._notice_seconds = notice_seconds
        self._ends_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and self._notice_seconds and not shutdown.is_under_way():
            shutdown.begin()
            self._ends_at = time.monotonic() + self._notice_seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or time.monotonic() >= self._ends_at
        return await super().on_tick(counter)


def config(application: Any, *, seconds_to_finish: int, **where: Any) -> uvicorn.Config:
    """uvicorn's configuration; `where` is `fd`, or `host` and `port`."""
    return uvicorn.Config(
        application,
        **where,
        loop="uvloop",
        http=LimitedHttp,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        timeout_graceful_shutdown=seconds_to_finish,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until a signal arrives."""
    parser = argparse.ArgumentParser(prog="python -m mnist_site.server", description=__doc__)
    parser.add_argument("--fd", type=int, help="a socket that listens already")
    parser.add_argument(
        "--seconds-to-finish", type=int, default=25, help="for answers that were begun"
    )
    arguments = parser.parse_args(argv)
    where: dict[str, Any] = (
        {"host": settings.WEB_HOST, "port": settings.WEB_PORT}
        if arguments.fd is None
        else {"fd": arguments.fd}
    )
    finish = arguments.seconds_to_finish
    chosen = config("mnist_site.asgi:application", seconds_to_finish=finish, **where)
    # Load before there is an event loop: Django queries the database for the active model.
    chosen.load()
    Server(chosen, settings.WEB_NOTICE_SECONDS).run()


if __name__ == "__main__":
    main()
