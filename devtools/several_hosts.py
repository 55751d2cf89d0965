"""One site on several hosts: two run `manage.py up`, and one runs the shared services."""

import dataclasses
import os
import re
import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from devtools import postgres
from devtools.faulty_site import lighten
from devtools.hosts import Host, hosts
from devtools.object_storage import BUCKET, KEYS, object_storage
from devtools.people import Person
from devtools.report_site import environment
from devtools.running_site import ROOT, UP, RunningUp, processes_with
from recognizer.running.valkey import EmbeddedValkey

PREFIX = "site"
SAVES_A_MINUTE = 40
SECONDS_UNTIL_STALE = 5


@dataclass
class Member:
    """A host with web processes, a worker and beat."""

    host: Host
    env: dict[str, str]
    _ups: list[RunningUp] = field(default_factory=list)

    @property
    def up(self) -> RunningUp:
        return self._ups[-1]

    @property
    def url(self) -> str:
        return self.up.url

    @property
    def said(self) -> str:
        """Return the output of all its starts."""
        return "".join(up.output for up in self._ups)

    def start(self) -> None:
        """Start without waiting until it answers."""
        with self.host.inside():
            self._ups.append(RunningUp(UP, self.env))

    def die(self) -> None:
        """Kill all its processes at once, as a power failure would."""
        os.kill(self.up.process.pid, signal.SIGKILL)
        self.up.process.wait(timeout=30)

    def trainings(self) -> list[int]:
        return processes_with(self.env, "ml", "train", "--progress")


@dataclass
class Cluster:
    """Two members, and the host with PostgreSQL, Valkey and the object storage."""

    members: list[Member]
    services: Host
    database: postgres.Server
    storage: str

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def staff(self) -> Person:
        """Return a person who is signed in to the admin on the first member."""
        said = "".join(member.said for member in self.members)
        passwords = re.findall(r"user name: admin +password: (\S+)", said)
        assert len(passwords) == 1, said
        person = Person(self.members[0].url)
        person.log_in("admin", passwords[0])
        return person

    def trainings(self) -> list[tuple[Member, int]]:
        return [(member, pid) for member in self.members for pid in member.trainings()]


@contextmanager
def cluster(folder: Path, *, own_networks: bool = True) -> Iterator[Cluster]:
    """Start both members at the same time, on an empty database.

    Args:
        own_networks: give each host its own network where that is allowed.
    """
    with ExitStack() as stack:
        *places, services = stack.enter_context(
            hosts("A", "B", "services", own_networks=own_networks)
        )
        with services.inside():
            database = stack.enter_context(
                postgres.server("-c", "synchronous_commit=on", address=services.address)
            )
            redis_url = stack.enter_context(_valkey(services.address, folder / "valkey"))
            storage = stack.enter_context(object_storage(services.address))
        shared = KEYS | {
            "DATABASE_URL": database.url,
            "REDIS_URL": redis_url,
            "STORAGE_URL": f"s3://{BUCKET}/{PREFIX}?endpoint_url={storage}&region_name=us-east-1",
            "ALLOWED_HOSTS": ",".join(place.address for place in places),
            "PYTHONPATH": os.pathsep.join([str(lighten(folder)), str(ROOT)]),
            "SECRET_KEY": secrets.token_urlsafe(40),
            "WEB_PROCESSES": "2",
            "RETRAIN_EPOCHS": "4",
            "RETRAIN_THREADS": "1",
            "RETRAIN_STALE_SECONDS": str(SECONDS_UNTIL_STALE),
            "THROTTLE_SAVE": f"{SAVES_A_MINUTE}/min",
        }
        members = [
            Member(
                place,
                os.environ
                | environment(folder / place.name)
                | shared
                | {"WEB_HOST": place.address},
            )
            for place in places
        ]
        try:
            for member in members:
                member.start()
            for member in members:
                member.up.wait_for("Ready on")
            yield Cluster(members, services, database, storage)
        finally:
            for member in members:
                if member.up.process.poll() is None:
                    member.up.interrupt()


@contextmanager
def _valkey(address: str, folder: Path) -> Iterator[str]:
    valkey = EmbeddedValkey.prepare(folder)
    elsewhere = dataclasses.replace(
        valkey,
        command=[*valkey.command, "--bind", address],
        url=valkey.url.replace("@127.0.0.1:", f"@{address}:"),
    )
    with elsewhere.running():
        yield elsewhere.url
