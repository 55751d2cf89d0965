"""Old drawings that nobody has labelled can be deleted; all others stay."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recognizer.drawings import retention
from recognizer.models import Drawing, Prediction, Share, StaffAct, Verdict, VerdictDrawing
from recognizer.tests.factories import make_drawing, make_label, make_run, make_version

pytestmark = pytest.mark.django_db


def make_old(**options):
    drawing = make_drawing(**options)
    Drawing.objects.filter(pk=drawing.pk).update(created_at=timezone.now() - timedelta(days=100))
    return drawing


def left():
    return set(Drawing.objects.values_list("pk", flat=True))


def test_only_old_drawings_that_nobody_did_anything_with_are_deleted(capsys):
    suggested, refused, learned, shown, shared = kept = [make_old() for _ in range(5)]
    make_label(suggested)
    make_label(refused, state="refused")
    make_run([learned])
    verdict = Verdict.objects.create(
        candidate=make_version(), opponent=make_version(), outcome="passed", reason="", figures={}
    )
    VerdictDrawing.objects.create(
        verdict=verdict, drawing=shown, value="7", before="1", after="7", newly_right=True
    )
    Share.objects.create(drawing=shared)
    new = make_drawing()
    for _ in range(3):
        make_old()
    call_command("forget_old", "99", "--delete")
    assert left() == {drawing.pk for drawing in [*kept, new]}
    assert Prediction.objects.count() == 6
    assert "Deleted: 3." in capsys.readouterr().out


def test_without_delete_the_command_only_says_what_it_would_do(capsys):
    make_label(make_old())
    make_old()
    call_command("forget_old", "99")
    assert Drawing.objects.count() == 2
    assert "Older than 99 days: 2. Of these 1 would be deleted, 1 stay." in capsys.readouterr().out


@pytest.mark.parametrize("days", ["0", "-5", "99999999"])
def test_a_number_of_days_that_cannot_be_meant_is_refused(days):
    with pytest.raises(CommandError):
        call_command("forget_old", "--delete", "--", days)


def test_deletion_goes_batch_by_batch_and_can_be_taken_up_again(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    drawings = [make_old() for _ in range(7)]
    make_label(drawings[2])
    seen = []

    def interrupt(deleted):
        seen.append(deleted)
        if len(seen) == 2:
            raise KeyboardInterrupt

    before = timezone.now() - timedelta(days=99)
    with pytest.raises(KeyboardInterrupt):
        retention.forget_old(before, progress=interrupt)
    assert len(left()) == 3
    assert retention.forget_old(before) == 2
    assert left() == {drawings[2].pk}


def make_acts(count, days):
    for number in range(count):
        act = StaffAct.objects.create(act="export", by_name="ada", what=f"{number}", via="page")
        StaffAct.objects.filter(pk=act.pk).update(at=timezone.now() - timedelta(days=days))


def test_what_staff_did_is_kept_unless_the_site_says_for_how_long(settings, monkeypatch, capsys):
    monkeypatch.setattr(retention, "BATCH", 2)
    make_acts(5, days=366)
    make_acts(2, days=364)
    with pytest.raises(CommandError, match="KEEP_STAFF_ACTS_DAYS is 0"):
        call_command("forget_staff_acts", "--delete")
    settings.KEEP_STAFF_ACTS_DAYS = 365
    call_command("forget_staff_acts")
    assert "Older than 365 days: 5 of 7 audit log entries." in capsys.readouterr().out
    assert StaffAct.objects.count() == 7
    call_command("forget_staff_acts", "--delete")
    # That they are gone is an act too.
    newest, *others = StaffAct.objects.order_by("-pk")
    assert (newest.act, newest.what) == ("delete", "5 audit log entries older than 365 days")
    assert (newest.via, len(others)) == ("command line", 2)
