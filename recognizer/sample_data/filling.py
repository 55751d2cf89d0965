"""Fill a database with two years of sample drawings, predictions, labels and owners.

A drawing's prediction is copied from another drawing of the same symbol that the active version
read, since a million real predictions would take longer than everything else. Other processes make
the rows (see `rows`). This one stores them with SQL, so the database's constraints still apply.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from ml.drawing.strokes import unpack_ink
from recognizer.drawings.recognition import answer_columns, recognise
from recognizer.models import Drawing, Label, ModelVersion, Prediction
from recognizer.registry import promotion
from recognizer.sample_data.invented import make
from recognizer.sample_data.processes import rows_of
from recognizer.sample_data.rows import (
    ACCOUNTS,
    Answer,
    InventedRows,
    InventedSite,
    Row,
    columns,
    make_rows,
    random_uuid,
)

BATCH = 2000
DRAWINGS_A_PERSON = 50
LABELLED = {"suggested": 0.01, "approved": 0.045, "refused": 0.005}
READINGS = 300


def fill(
    count: int,
    *,
    processes: int,
    seed: int = 1,
    labelled: Mapping[str, float] = LABELLED,
    progress: Callable[[int], None] = lambda stored: None,
) -> None:
    """Store sample drawings with their predictions, labels and owners, in batches.

    Args:
        processes: how many processes make rows; 1 makes them in this process.
        labelled: the share of drawings with a label in each state.
        progress: called after each batch with the number stored so far.
    """
    site = _site(count, labelled, np.random.default_rng(seed))
    stored = 0
    with _much_at_once():
        for rows in _made(site, seed, processes):
            _store(rows)
            stored += len(rows.drawings)
            progress(stored)


def _made(site: InventedSite, seed: int, processes: int) -> Iterator[InventedRows]:
    jobs = [(seed, start, min(BATCH, site.count - start)) for start in range(0, site.count, BATCH)]
    if processes < 2:
        return (make_rows(site, *job) for job in jobs)
    return rows_of(site, jobs, processes)


def _site(count: int, labelled: Mapping[str, float], rng: np.random.Generator) -> InventedSite:
    promotion.register_shipped_model()
    people = max(2, count // DRAWINGS_A_PERSON)
    accounts = max(1, int(people * ACCOUNTS))
    names = [f"made-up-{number}" for number in range(accounts)]
    staff, _ = User.objects.get_or_create(username="made-up-staff", defaults={"is_staff": True})
    # "!" is an unusable password: nobody can sign in as one of them.
    new = (User(username=name, password="!") for name in names)  # noqa: S106
    User.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
    users = User.objects.filter(username__startswith="made-up-").exclude(pk=staff.pk)
    return InventedSite(
        count=count,
        users=list(users.order_by("pk").values_list("pk", flat=True)),
        visitors=[random_uuid(rng) for _ in range(people - accounts)],
        staff=staff.pk,
        readings=_readings(),
        labelled=dict(labelled),
        versions=list(ModelVersion.objects.order_by("number").values_list("pk", flat=True)),
    )


def _readings() -> dict[str, list[Answer]]:
    found = defaultdict(list)
    for one in make(0, READINGS):
        if one.ink is not None:
            found[one.shows].append(answer_columns(recognise(unpack_ink(one.ink))))
    return dict(found)


def _store(rows: InventedRows) -> None:
    """Store the rows in one transaction."""
    with transaction.atomic():
        keys = _new_keys(len(rows.drawings))
        _notice_copies(rows.drawings)
        drawings = [[key, *row] for key, row in zip(keys, rows.drawings, strict=True)]
        _insert(Drawing, ["id", *columns(Drawing)], drawings)
        for model, belonging in ((Prediction, rows.predictions), (Label, rows.labels)):
            drawing = columns(model).index("drawing_id")
            for row in belonging:
                row[drawing] = keys[row[drawing]]
            _insert(model, columns(model), belonging)


def _new_keys(count: int) -> list[int]:
    """Return keys that no drawing has or ever had."""
    table = Drawing._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "nextval(pg_get_serial_sequence(%s, 'id'))"
            cursor.execute(f"SELECT {sequence} FROM generate_series(1, %s)", [table, count])  # noqa: S608
            return [key for (key,) in cursor.fetchall()]
        # No other writer gets in before this transaction ends; inserts advance the sequence.
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        (last,) = cursor.fetchone()
        return list(range(last + 1, last + 1 + count))


def _notice_copies(drawings: list[Row]) -> None:
    number, waits = (columns(Drawing).index(name) for name in ("fingerprint", "copy_waits"))
    known = Drawing.objects.fingerprints_among({row[number] for row in drawings})
    for row in drawings:
        row[waits] = True if row[number] in known else None
        known.add(row[number])


def _insert(model: type[Model], names: list[str], rows: list[Row]) -> None:
    quoted = ", ".join(f'"{name}"' for name in names)
    into = f"{model._meta.db_table} ({quoted})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {into} VALUES ({places})", rows)  # noqa: S608


@contextmanager
def _much_at_once() -> Iterator[None]:
    """Tune SQLite for bulk inserts: a larger cache and fewer writes to the file.

    Afterwards, analyse the tables on PostgreSQL, as autovacuum would a minute later.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            yield
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")
            return
        before = {}
        for name, value in {"cache_size": -256_000, "wal_autocheckpoint": 25_000}.items():
            cursor.execute(f"PRAGMA {name}")
            (before[name],) = cursor.fetchone()
            cursor.execute(f"PRAGMA {name} = {value}")
        try:
            yield
        finally:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name} = {value}")
