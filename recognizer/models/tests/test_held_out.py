import importlib
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from devtools import golden
from recognizer.drawings import recognition
from recognizer.models import Drawing
from recognizer.models.held_out import is_held_out
from recognizer.tests.factories import (
    make_drawing,
    make_label,
    make_public_id,
    make_run,
    make_user,
)
from recognizer.training import retraining

pytestmark = pytest.mark.django_db

CHOSEN_OF_20 = [3, 9, 10]


def approved(**options: Any) -> Drawing:
    drawing = make_drawing(**options)
    make_label(drawing, "7", state="approved")
    return drawing


def test_a_hash_of_the_id_decides_the_same_everywhere() -> None:
    chosen = [number for number in range(20) if is_held_out(uuid.UUID(int=number), 0.2)]
    assert chosen == CHOSEN_OF_20


def test_about_the_share_is_held_out_and_a_larger_share_keeps_them() -> None:
    ids = [uuid.UUID(int=number) for number in range(5000)]
    fifth = {one for one in ids if is_held_out(one, 0.2)}
    half = {one for one in ids if is_held_out(one, 0.5)}
    assert 900 < len(fifth) < 1100
    assert fifth < half
    assert not any(is_held_out(one, 0.0) for one in ids)
    assert all(is_held_out(one, 1.0) for one in ids)


@pytest.mark.usefixtures("shipped_model")
def test_a_saved_drawing_knows_whether_it_is_held_out() -> None:
    ink = golden.ink("7")
    read = recognition.recognise(ink)
    for _ in range(20):
        drawing = recognition.save(ink, read, user=None, visitor=uuid.uuid4())
        assert drawing.held_out == is_held_out(drawing.public_id, 0.2)
        drawing.refresh_from_db()
        assert drawing.held_out == is_held_out(drawing.public_id, 0.2)


def test_nobody_can_say_otherwise_when_a_drawing_is_made_alone_or_in_bulk() -> None:
    template = make_drawing(read=None)
    ids = [make_public_id(held_out=True), make_public_id(held_out=False)]
    Drawing.objects.bulk_create(
        Drawing(
            public_id=public_id,
            held_out=False,
            visitor=uuid.uuid4(),
            source=template.source,
            width=280,
            height=280,
            ink=template.ink,
            bitmap=template.bitmap,
        )
        for public_id in ids
    )
    stored = dict(Drawing.objects.filter(public_id__in=ids).values_list("public_id", "held_out"))
    assert [stored[public_id] for public_id in ids] == [True, False]


@pytest.mark.usefixtures("shipped_model")
def test_held_out_drawings_are_never_trained_on_and_are_counted() -> None:
    learned = [approved() for _ in range(3)]
    for _ in range(2):
        approved(held_out=True)
    run = retraining.request_run(Drawing.objects.all(), by=None)
    assert set(run.drawings.all()) == set(learned)
    assert run.drawings_in_words == "3 to train on, 2 in the test set"


@pytest.mark.usefixtures("shipped_model")
@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "The only approved drawing among these is in"), (2, "All 2 approved drawings among")],
)
def test_a_run_on_held_out_drawings_alone_is_refused_with_the_reason(
    count: int, words: str
) -> None:
    for _ in range(count):
        approved(held_out=True)
    with pytest.raises(retraining.RetrainingError, match=words):
        retraining.request_run(Drawing.objects.all(), by=None)


@pytest.mark.usefixtures("shipped_model")
def test_the_page_of_a_run_says_how_many_were_kept_for_judging(admin_client: Any) -> None:
    approved()
    approved(held_out=True)
    run = retraining.request_run(Drawing.objects.all(), by=None)
    html = admin_client.get(f"/admin/recognizer/trainingrun/{run.pk}/change/").content.decode()
    assert "1 to train on, 1 in the test set" in html


def test_drawings_from_before_are_decided_too_unless_a_run_has_learned_from_them() -> None:
    migration = importlib.import_module("recognizer.migrations.0003_gate")
    kept, learned = make_drawing(held_out=True), make_drawing(held_out=True)
    ordinary = make_drawing()
    make_run([learned])
    Drawing.objects.update(held_out=False)
    migration.hold_out_drawings(apps, None)
    held_out = dict(Drawing.objects.values_list("pk", "held_out"))
    assert held_out == {kept.pk: True, learned.pk: False, ordinary.pk: False}


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth_with_drawings_there() -> None:
    drawing = make_drawing(held_out=True, user=make_user())
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate([("recognizer", "0002_model_version_reject_above")])
    MigrationExecutor(connection).migrate(newest)
    assert Drawing.objects.get(pk=drawing.pk).held_out
