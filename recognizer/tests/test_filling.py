"""The command that fills a database with made-up drawings."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ml.contract import IMAGE_SIZE
from ml.preprocessing import preprocess
from recognizer import active_model
from recognizer.models import Drawing, Label, Prediction
from recognizer.recognition import bitmap_bytes
from recognizer.reports import made_up
from recognizer.tests.factories import make_drawing

pytestmark = pytest.mark.django_db


def fill(count, *options):
    call_command("fill", count, "--processes=1", *options, verbosity=0)


def test_made_up_drawings_are_what_people_could_have_drawn_over_two_years(shipped_model):
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


def test_the_shipped_model_reads_made_up_drawings_as_the_digits_they_are(shipped_model):
    made = made_up.make(7, 200)
    raw = b"".join(one.bitmap for one in made)
    images = np.frombuffer(raw, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    read, _ = active_model.current().classifier.answer(images)
    assert np.mean(read == [one.digit for one in made]) > 0.9
    assert len(set(map(bytes, images))) == 200


def test_a_database_with_drawings_is_filled_only_when_told_to(shipped_model):
    make_drawing()
    with pytest.raises(CommandError, match="--into-this-database"):
        fill(3)
    assert Drawing.objects.count() == 1
    fill(3, "--into-this-database")
    assert Drawing.objects.count() == 4
