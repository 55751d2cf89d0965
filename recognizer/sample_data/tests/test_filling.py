"""The command that fills a database with sample drawings."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from ml.contract import IMAGE_SIZE
from ml.drawing.preprocessing import preprocess
from recognizer.drawings.recognition import bitmap_bytes
from recognizer.models import Drawing, Label, Prediction
from recognizer.models.drawing import fingerprint
from recognizer.models.held_out import is_held_out
from recognizer.models.review_state import update_review_state
from recognizer.registry import active_model
from recognizer.sample_data import filling, invented, processes, rows
from recognizer.tests.factories import make_drawing

pytestmark = pytest.mark.django_db


def fill(count, *options):
    call_command("fill", count, "--processes=1", *options, verbosity=0)


def test_sample_drawings_are_what_people_could_have_drawn_over_two_years(shipped_model):
    fill(400)
    drawings = list(Drawing.objects.prefetch_related("predictions", "labels"))
    assert len(drawings) == Prediction.objects.filter(served=True).count() == 400
    for drawing in drawings:
        assert bytes(drawing.bitmap) == bitmap_bytes(preprocess(drawing.drawn()))
    ages = [timezone.now() - drawing.created_at for drawing in drawings]
    assert min(ages) >= timedelta(0)
    assert timedelta(days=600) < max(ages) < timedelta(days=731)
    assert len({drawing.user_id for drawing in drawings}) > 1
    assert len({drawing.visitor for drawing in drawings}) > 1
    assert set(Counter(drawing.source for drawing in drawings)) == {"canvas", "image"}
    assert 5 < Label.objects.count() < 60
    approved = [row for row in drawings if any(one.state == "approved" for one in row.labels.all())]
    assert approved
    assert all(row.review_order is None for row in approved)


def columns_of(model):
    return list(model.objects.order_by("pk").values())


def test_rows_stored_past_django_are_what_django_would_have_stored(shipped_model):
    fill(600)
    before = [columns_of(model) for model in (Drawing, Prediction)]
    update_review_state(Drawing.objects.values_list("pk", flat=True))
    assert [columns_of(model) for model in (Drawing, Prediction)] == before
    drawings = list(Drawing.objects.order_by("pk"))
    assert [row.fingerprint for row in drawings] == [fingerprint(row.bitmap) for row in drawings]
    shares = [is_held_out(row.public_id, settings.HELD_OUT_SHARE) for row in drawings]
    assert [row.held_out for row in drawings] == shares
    numbers = [row.fingerprint for row in drawings]
    copies = [number in numbers[:place] for place, number in enumerate(numbers)]
    assert [row.copy_waits is True for row in drawings] == copies
    assert any(copies)
    drawn_next = make_drawing()
    assert drawn_next.pk > drawings[-1].pk


def test_other_processes_make_the_same_rows_in_the_same_order(shipped_model):
    site = filling._site(60, filling.LABELLED, np.random.default_rng(1))
    jobs = [(1, start, 20) for start in (0, 20, 40)]
    elsewhere = list(processes.rows_of(site, jobs, processes=2))
    assert elsewhere == [rows.make_rows(site, *job) for job in jobs]


def test_the_shipped_model_reads_sample_drawings_as_the_digits_they_are(shipped_model):
    made = invented.make(7, 200)
    raw = b"".join(one.bitmap for one in made)
    images = np.frombuffer(raw, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    read, _ = active_model.current().classifier.answer(images)
    assert np.mean(read == [one.shows for one in made]) > 0.9
    assert len(set(map(bytes, images))) == 200


def test_a_database_with_drawings_is_filled_only_when_told_to(shipped_model):
    make_drawing()
    with pytest.raises(CommandError, match="--into-this-database"):
        fill(3)
    assert Drawing.objects.count() == 1
    fill(3, "--into-this-database")
    assert Drawing.objects.count() == 4
