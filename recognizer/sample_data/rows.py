"""Sample drawings with their predictions and labels, as rows ready to insert.

The model fields compute each row's values, as when Django saves. This takes far longer than
inserting the rows, so several processes can do it.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Field, Model
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from recognizer.models import Drawing, Label, Prediction
from recognizer.models.review_state import review_state_of_new
from recognizer.sample_data.invented import SampleDrawing, make

SPAN = timedelta(days=730)
ACCOUNTS = 0.2
"""This share of the drawings is by people with an account; anonymous visitors drew the others."""

WRONGLY_LABELLED = 0.08
COPIES = 0.005
"""This share is the drawing before, saved twice."""

Answer = dict[str, Any]
Row = list[Any]


@dataclass(frozen=True)
class InventedSite:
    """How many drawings to make, their owners, possible predictions, and dates.

    staff     the key of the account that reviews labels
    readings  {correct label: predictions of the active version for such drawings}
    labelled  {state of a label: share of the drawings with such a label}
    versions  keys, in the order in which the versions were active
    """

    count: int
    users: list[int]
    visitors: list[uuid.UUID]
    staff: int
    readings: dict[str, list[Answer]]
    labelled: Mapping[str, float]
    versions: list[int]
    until: datetime = field(default_factory=timezone.now)

    def when(self, share: float) -> datetime:
        """Return the time by which this share of all drawings was made; use grows over time."""
        return self.until - SPAN * (1 - float(share**0.5))


@dataclass(frozen=True)
class InventedRows:
    """Rows without keys; predictions and labels refer to drawings by index."""

    drawings: list[Row]
    predictions: list[Row]
    labels: list[Row]


@cache
def columns(model: type[Model]) -> list[str]:
    """What a row of this model holds, in this order; its key is not among them."""
    return [str(one.column) for one in _fields(model)]


@cache
def _fields(model: type[Model]) -> list["Field[Any, Any]"]:
    return [one for one in model._meta.concrete_fields if not one.primary_key]


def _row(instance: Model) -> Row:
    """The values that Django would store; bytes as such, so that other processes can send them."""
    values = [
        one.get_db_prep_save(one.pre_save(instance, True), connection)
        for one in _fields(type(instance))
    ]
    return [getattr(value, "obj", value) for value in values]


def make_rows(site: InventedSite, seed: int, start: int, count: int) -> InventedRows:
    """Make the drawings from index `start` on; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, start])
    rows = InventedRows([], [], [])
    before: tuple[SampleDrawing, Answer] | None = None
    with _times_as_given(Drawing, Prediction, Label):
        for place, fresh in enumerate(make((seed << 32) + start, count)):
            again = before is not None and rng.random() < COPIES
            one, owner = before if before and again else (fresh, _owner(site, rng))
            before = one, owner
            _add(rows, one, owner, (start + place) / site.count, site, rng)
    return rows


def _add(
    rows: InventedRows,
    one: SampleDrawing,
    owner: Answer,
    share: float,
    site: InventedSite,
    rng: np.random.Generator,
) -> None:
    place, at = len(rows.drawings), site.when(share + rng.random() / site.count)
    answer = _answer(one, share, site, rng)
    labels = _labels(one.shows, site, rng)
    review_state, contradicts = review_state_of_new(answer["text"], answer["confidence"], labels)
    drawing = Drawing(
        public_id=random_uuid(rng),
        created_at=at,
        source=(Drawing.Source.CANVAS if one.ink else Drawing.Source.IMAGE).value,
        width=one.width,
        height=one.height,
        ink=one.ink,
        picture=one.picture,
        bitmap=one.bitmap,
        **owner,
        **review_state,
    )
    rows.drawings.append(_row(drawing))
    read = Prediction(drawing_id=place, created_at=at, contradicts=contradicts, **answer)
    rows.predictions.append(_row(read))
    for state, value in labels:
        rows.labels.append(_row(_label(place, drawing, value, state, site.staff)))


def _answer(
    one: SampleDrawing, share: float, site: InventedSite, rng: np.random.Generator
) -> Answer:
    known = site.readings[one.shows]
    answer = known[rng.integers(len(known))]
    symbols = [
        {**symbol, "box": [round(side, 2) for side in one.box]} for symbol in answer["symbols"]
    ]
    version = site.versions[int(share * len(site.versions))]
    return {**answer, "symbols": symbols, "version_id": version}


def _owner(site: InventedSite, rng: np.random.Generator) -> dict[str, Any]:
    """Choose an owner; a few people draw much and most draw little."""
    rank = rng.random() ** 2
    if site.users and rng.random() < ACCOUNTS:
        return {"user_id": site.users[int(rank * len(site.users))]}
    return {"visitor": site.visitors[int(rank * len(site.visitors))]}


def _labels(shows: str, site: InventedSite, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return the state and value of one label or none; a wrong one has NOT_A_DIGIT as value."""
    chance = rng.random()
    for state, share in site.labelled.items():
        if chance < share:
            return [(state, shows if rng.random() >= WRONGLY_LABELLED else NOT_A_DIGIT)]
        chance -= share
    return []


def _label(place: int, drawing: Drawing, value: str, state: str, staff: int) -> Label:
    at = drawing.created_at
    decided = state != Label.State.SUGGESTED
    return Label(
        drawing_id=place,
        value=value,
        state=state,
        given_by_id=drawing.user_id,
        visitor=drawing.visitor,
        created_at=at,
        decided_by_id=staff if decided else None,
        decided_at=at + timedelta(hours=3) if decided else None,
    )


def random_uuid(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=rng.bytes(16), version=4)


@contextmanager
def _times_as_given(*models: type[Model]) -> Iterator[None]:
    """Switch `auto_now_add` off, so that rows keep their given times."""
    fields = [model._meta.get_field("created_at") for model in models]
    for one in fields:
        one.auto_now_add = False  # type: ignore[union-attr]
    try:
        yield
    finally:
        for one in fields:
            one.auto_now_add = True  # type: ignore[union-attr]
