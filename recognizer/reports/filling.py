"""Fill a database with made-up drawings, readings, labels and owners, as two years would have.

What is read in a drawing is what the active version has read in another one of the same digit:
asking it a million times would take longer than all the rest.
"""

import itertools
import multiprocessing
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from ml.strokes import unpack_ink
from recognizer import promotion
from recognizer.models import Drawing, Label, ModelVersion, Prediction
from recognizer.recognition import answer_columns, recognise
from recognizer.reports.made_up import MadeUp, make

BATCH = 1000
SPAN = timedelta(days=730)
DRAWINGS_A_PERSON = 50
ACCOUNTS = 0.2
"""This share of the people has signed in; the others are anonymous visitors."""

LABELLED = {"suggested": 0.01, "approved": 0.045, "refused": 0.005}
WRONGLY_LABELLED = 0.02
READINGS = 300

Answer = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """Whom the drawings may be by, what may have been read in them, and when.

    readings  {digit: answers of the active version to drawings of it}
    versions  keys, in the order in which they answered
    """

    users: list[int]
    visitors: list[uuid.UUID]
    staff: User
    readings: dict[str, list[Answer]]
    labelled: Mapping[str, float]
    versions: list[int]
    until: datetime = field(default_factory=timezone.now)

    def when(self, share: float) -> datetime:
        """The time at which that share of all was drawn: people draw more and more."""
        return self.until - SPAN * (1 - float(share**0.5))


def fill(
    count: int,
    *,
    processes: int,
    seed: int = 1,
    labelled: Mapping[str, float] = LABELLED,
    progress: Callable[[int], None] = lambda stored: None,
) -> None:
    """Store so many made-up drawings with all that belongs to them, in batches.

    Args:
        processes: so many make drawings; 1 makes them in this one.
        labelled: the share of drawings with a label in each state.
        progress: told how many are stored, after each batch.
    """
    rng = np.random.default_rng(seed)
    site = _site(max(2, count // DRAWINGS_A_PERSON), labelled, rng)
    sizes = [min(BATCH, count - start) for start in range(0, count, BATCH)]
    stored = 0
    with _times_as_given(Drawing, Prediction, Label):
        for made in _made(sizes, seed, processes):
            with transaction.atomic():
                _store(made, stored, count, site, rng)
            stored += len(made)
            progress(stored)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # what autovacuum would do a minute later


def _made(sizes: list[int], seed: int, processes: int) -> Iterator[list[MadeUp]]:
    jobs = [((seed << 32) + number, size) for number, size in enumerate(sizes)]
    if processes < 2:
        yield from itertools.starmap(make, jobs)
        return
    # A forked process would share this one's connection to the database.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        waiting = [pool.submit(make, *job) for job in jobs[: 2 * processes]]
        for job in jobs[2 * processes :]:
            yield waiting.pop(0).result()
            waiting.append(pool.submit(make, *job))
        for made in waiting:
            yield made.result()


def _site(people: int, labelled: Mapping[str, float], rng: np.random.Generator) -> Site:
    promotion.register_shipped_model()
    accounts = max(1, int(people * ACCOUNTS))
    names = [f"made-up-{number}" for number in range(accounts)]
    staff, _ = User.objects.get_or_create(username="made-up-staff", defaults={"is_staff": True})
    # "!" is no password: nobody can sign in as one of them.
    new = (User(username=name, password="!") for name in names)  # noqa: S106
    User.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
    users = User.objects.filter(username__startswith="made-up-").exclude(pk=staff.pk)
    return Site(
        users=list(users.order_by("pk").values_list("pk", flat=True)),
        visitors=[_uuid(rng) for _ in range(people - accounts)],
        staff=staff,
        readings=_readings(),
        labelled=labelled,
        versions=list(ModelVersion.objects.order_by("number").values_list("pk", flat=True)),
    )


def _readings() -> dict[str, list[Answer]]:
    found = defaultdict(list)
    for one in make(0, READINGS):
        if one.ink is not None:
            found[one.digit].append(answer_columns(recognise(unpack_ink(one.ink))))
    return found


def _store(
    made: list[MadeUp], before: int, count: int, site: Site, rng: np.random.Generator
) -> None:
    drawings, answers = [], []
    for place, one in enumerate(made, start=before):
        answer = _answer(one, site, place / count, rng)
        answers.append(answer)
        drawings.append(_drawing(one, answer, site.when((place + rng.random()) / count), site, rng))
    Drawing.objects.bulk_create(drawings, batch_size=BATCH)
    rows = zip(drawings, answers, strict=True)
    Prediction.objects.bulk_create(
        [Prediction(drawing=row, created_at=row.created_at, **answer) for row, answer in rows],
        batch_size=BATCH,
    )
    labelled = zip(drawings, made, strict=True)
    labels = [label for row, one in labelled for label in _labels(row, one.digit, site, rng)]
    Label.objects.bulk_create(labels)


def _answer(one: MadeUp, site: Site, share: float, rng: np.random.Generator) -> Answer:
    known = site.readings[one.digit]
    answer = known[rng.integers(len(known))]
    symbols = [
        {**symbol, "box": [round(side, 2) for side in one.box]} for symbol in answer["symbols"]
    ]
    version = site.versions[int(share * len(site.versions))]
    return {**answer, "symbols": symbols, "version_id": version}


def _drawing(
    one: MadeUp, answer: Answer, at: datetime, site: Site, rng: np.random.Generator
) -> Drawing:
    return Drawing(
        public_id=_uuid(rng),
        created_at=at,
        source=Drawing.Source.CANVAS if one.ink else Drawing.Source.IMAGE,
        width=one.width,
        height=one.height,
        ink=one.ink,
        picture=one.picture,
        bitmap=one.bitmap,
        review_order=answer["confidence"],
        **_owner(site, rng),
    )


def _owner(site: Site, rng: np.random.Generator) -> dict[str, Any]:
    """Some draw much, most draw little."""
    rank = rng.random() ** 2
    if site.users and rng.random() < ACCOUNTS:
        return {"user_id": site.users[int(rank * len(site.users))]}
    return {"visitor": site.visitors[int(rank * len(site.visitors))]}


def _labels(drawing: Drawing, digit: str, site: Site, rng: np.random.Generator) -> list[Label]:
    """One or none; wrongly given, it says that a digit is none."""
    chance = rng.random()
    for state, share in site.labelled.items():
        if chance < share:
            value = digit if rng.random() >= WRONGLY_LABELLED else NOT_A_DIGIT
            return [_label(drawing, value, state, site)]
        chance -= share
    return []


def _label(drawing: Drawing, value: str, state: str, site: Site) -> Label:
    at = drawing.created_at
    decided = state != Label.State.SUGGESTED
    return Label(
        drawing=drawing,
        value=value,
        state=state,
        given_by_id=drawing.user_id,
        visitor=drawing.visitor,
        created_at=at,
        decided_by=site.staff if decided else None,
        decided_at=at + timedelta(hours=3) if decided else None,
    )


def _uuid(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=rng.bytes(16), version=4)


@contextmanager
def _times_as_given(*models: type[Model]) -> Iterator[None]:
    """Rows keep the time that they are given; else they would all be of now."""
    fields = [model._meta.get_field("created_at") for model in models]
    for one in fields:
        one.auto_now_add = False  # type: ignore[union-attr]
    try:
        yield
    finally:
        for one in fields:
            one.auto_now_add = True  # type: ignore[union-attr]
