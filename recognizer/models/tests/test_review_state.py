"""The columns of a drawing that follow from its labels, predictions and decisions."""

import pytest
from django.test import Client

from ml.contract import NOT_A_DIGIT
from recognizer.models import Drawing, Label
from recognizer.tests.factories import make_drawing, make_label, make_prediction
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("read", "label", "state", "corrected"),
    [
        ("1", "7", "suggested", True),
        ("1", "7", "approved", True),
        ("1", "7", "refused", False),
        ("7", "7", "approved", False),
        ("", "7", "suggested", True),
        ("", NOT_A_DIGIT, "approved", False),
        (None, "7", "approved", False),
    ],
)
def test_gallery_admin_and_gate_agree_on_which_drawings_are_corrected(
    client: Client, admin_client: Client, read: str | None, label: str, state: str, corrected: bool
) -> None:
    drawing = make_drawing(visitor=sign_in_as_visitor(client), read=read)
    make_label(drawing, label, state=state)
    gallery = {
        query: client.get("/drawings/", {"corrected": query}).context["count"]
        for query in ("yes", "no")
    }
    admin = admin_client.get("/admin/recognizer/drawing/", {"label": "corrected"})
    assert gallery == {"yes": corrected, "no": not corrected}
    assert list(admin.context["cl"].result_list) == [drawing] * corrected
    assert Label.objects.corrections().exists() == corrected


def test_a_later_prediction_corrects_nothing() -> None:
    drawing = make_drawing(read="7")
    make_label(drawing, "7", state="approved")
    make_prediction(drawing, "1", served=False)
    assert not Drawing.objects.corrected().exists()
    assert not Label.objects.corrections().exists()


def test_a_correction_that_is_one_of_several_labels_makes_a_drawing_corrected() -> None:
    drawing = make_drawing(read="7")
    make_label(drawing, "7", state="approved")
    other = make_label(drawing, "1")
    assert list(Drawing.objects.corrected()) == [drawing]
    assert list(Label.objects.corrections()) == [other]
    Label.objects.filter(pk=other.pk).refuse(None)
    assert not Drawing.objects.corrected().exists()
    assert not Label.objects.corrections().exists()
