"""The queues of the review desk, deciding and undoing."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from ml.contract import NOT_A_DIGIT
from recognizer import tasks
from recognizer.drawings import review
from recognizer.drawings.review import ChangedMeanwhileError, DeskDecision
from recognizer.models import Drawing, Label, ModelVersion, Review
from recognizer.models.drawing import fingerprint
from recognizer.tests.factories import (
    ONE,
    make_drawing,
    make_label,
    make_prediction,
    make_staff,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

A_LOT = 100


def queue(name="unreviewed"):
    return [pk for _, pk in review.next_in_queue(name, "", A_LOT)]


def pks(*drawings):
    return [drawing.pk for drawing in drawings]


def decide(drawing, value="7", *, by=None, queue="unreviewed", verdict="label", seen=None):
    decision = DeskDecision(queue, verdict, value if verdict == "label" else "")
    seen = review.state_of(Drawing.objects.get(pk=drawing.pk)) if seen is None else seen
    return review.decide(drawing.pk, decision, seen=seen, by=by or make_staff())


def labels(drawing):
    """Every column of the drawing's labels."""
    return list(Label.objects.filter(drawing=drawing).order_by("pk").values())


# Unreviewed


def test_the_least_sure_drawing_comes_first():
    sure, unsure = make_drawing(confidence=0.99), make_drawing(confidence=0.4)
    assert queue() == pks(unsure, sure)


def test_a_drawing_that_no_model_has_read_comes_before_those_that_were_read():
    read, unread = make_drawing(confidence=0.2), make_drawing(read=None)
    assert queue() == pks(unread, read)


def test_a_drawing_about_which_people_and_model_disagree_comes_before_an_unsure_one():
    unsure = make_drawing(confidence=0.3)
    agreed, disputed = make_drawing(read="7"), make_drawing(read="7")
    make_label(agreed, "7")
    make_label(disputed, "1")
    assert queue() == pks(disputed, unsure, agreed)


def test_a_dispute_with_a_model_that_is_quite_sure_comes_first_too():
    unread, disputed = make_drawing(read=None), make_drawing(read="7", confidence=1.0)
    make_label(disputed, "1")
    assert queue() == pks(disputed, unread)


def test_not_a_digit_said_of_a_drawing_that_was_rejected_is_no_dispute():
    rejected, unsure = make_drawing(read="", confidence=0.9), make_drawing(confidence=0.3)
    make_label(rejected, NOT_A_DIGIT)
    assert queue() == pks(unsure, rejected)


def test_a_refused_suggestion_disputes_nothing():
    unsure, drawing = make_drawing(confidence=0.3), make_drawing(read="7")
    make_label(drawing, "1")
    drawing.labels.all().refuse(make_staff())
    assert queue() == pks(unsure, drawing)


def test_an_approved_drawing_leaves_the_queue_however_it_was_approved():
    by_label, by_action, in_bulk, created = (make_drawing(read="7") for _ in range(4))
    make_label(by_label, "7").approve(make_staff())
    review.approve_readings(Drawing.objects.filter(pk=by_action.pk), make_staff())
    Label.objects.bulk_create([Label(drawing=in_bulk, value="7", state="approved")])
    make_label(created, "7", state="approved")
    assert queue() == []


def test_a_drawing_whose_approved_label_was_refused_comes_back():
    drawing = make_drawing()
    label = make_label(drawing, "7", state="approved")
    Label.objects.filter(pk=label.pk).refuse(make_staff())
    assert queue() == pks(drawing)


def test_the_queue_goes_on_after_a_place_without_gaps_or_repeats():
    drawings = [make_drawing(confidence=0.5) for _ in range(5)]
    first = review.next_in_queue("unreviewed", "", 2)
    second = review.next_in_queue("unreviewed", first[-1][0], 2)
    third = review.next_in_queue("unreviewed", second[-1][0], 2)
    assert [pk for _, pk in first + second + third] == pks(*drawings)


@pytest.mark.parametrize("name", Review.Queue.values)
def test_a_place_that_makes_no_sense_is_a_value_error(name):
    with pytest.raises(ValueError, match=r"invalid|could not"):
        review.next_in_queue(name, "x:y", 1)


def test_what_is_left_is_counted_up_to_a_limit():
    for _ in range(3):
        make_drawing(ONE)
    assert review.left("unreviewed", 10) == 3
    assert review.left("unreviewed", 2) == 2
    assert review.left("duplicates", 10) == 2


def test_a_queue_takes_its_order_from_an_index():
    plan = Drawing.objects.unreviewed()[:10].explain()
    if connection.vendor == "sqlite":  # PostgreSQL rightly sorts a table of a few rows
        assert "drawing_to_review" in plan
        assert "TEMP B-TREE" not in plan


# Suspected


@pytest.fixture
def active():
    return make_version(state=ModelVersion.State.ACTIVE)


def suspect(active, **reading):
    drawing = make_drawing(**{"read": "1", "confidence": 0.97, "version": active, **reading})
    make_label(drawing, "7", state="approved")
    return drawing


def test_an_approved_label_that_the_active_version_contradicts_is_suspected(active):
    drawing = suspect(active)
    suspect(active, confidence=0.89)
    suspect(active, read="7")
    suspect(active, read="")
    make_label(make_drawing(read="1", version=active), "7")
    assert queue("suspected") == pks(drawing)


def test_what_another_version_says_suspects_nothing(active):
    drawing = suspect(active, version=make_version())
    assert queue("suspected") == []
    make_prediction(drawing, "1", version=active, served=False)
    assert queue("suspected") == pks(drawing)


@pytest.mark.parametrize("value", ["7", "1"])
def test_keeping_or_changing_a_suspected_label_takes_it_out_of_the_queue(active, value):
    drawing = suspect(active)
    decide(drawing, value, queue="suspected")
    assert queue("suspected") == []
    assert drawing.labels.approved().get().value == value


def test_a_slip_in_another_queue_is_still_suspected(active):
    drawing = make_drawing(read="1", confidence=0.97, version=active)
    decide(drawing, "7")
    assert queue("suspected") == pks(drawing)


def test_after_a_promotion_the_new_version_reads_labelled_drawings_again(shipped_model):
    older, newer = (suspect(make_version(), read="7") for _ in range(2))
    make_label(older, "1", state="suggested").approve(make_staff())
    make_drawing(version=older.predictions.get().version)
    assert tasks.read_labelled_again() == 2
    assert tasks.read_labelled_again() == 0
    for drawing in (older, newer):
        replay = drawing.predictions.get(version=shipped_model)
        assert (replay.text, replay.served) == ("7", False)
    assert queue("suspected") == pks(older)


def test_without_an_active_version_nothing_is_read_again():
    suspect(make_version())
    assert tasks.read_labelled_again() == 0


def test_the_newest_suspected_label_comes_first_and_the_queue_goes_on(active):
    older, newer = suspect(active), suspect(active)
    [(cursor, first)] = review.next_in_queue("suspected", "", 1)
    assert [first, review.next_in_queue("suspected", cursor, 1)[0][1]] == pks(newer, older)


# Near-duplicates


def test_a_copy_is_found_wherever_it_was_drawn_and_however_large():
    moved = [[[x * 0.5 + 30, y * 0.5 + 30] for x, y, _ in stroke] for stroke in ONE]
    original, copy = make_drawing(ONE), make_drawing(moved)
    make_drawing()
    assert original.fingerprint == copy.fingerprint
    assert queue("duplicates") == pks(copy)


def test_a_drawing_stored_in_bulk_has_its_fingerprint():
    original = make_drawing()
    copy = Drawing(
        visitor=original.visitor,
        source="canvas",
        width=280,
        height=280,
        ink=original.ink,
        bitmap=original.bitmap,
    )
    Drawing.objects.bulk_create([copy])
    assert Drawing.objects.get(pk=copy.pk).fingerprint == fingerprint(bytes(original.bitmap))


def test_a_duplicate_is_kept_out_of_training_and_out_of_every_queue():
    original, copy = make_drawing(), make_drawing()
    make_label(copy, "7", state="approved")
    decide(copy, queue="duplicates", verdict="duplicate")
    assert not Drawing.objects.approved().exists()
    assert queue("duplicates") == []
    assert queue() == pks(original)


def test_a_copy_that_is_kept_leaves_only_that_queue():
    original, copy = make_drawing(), make_drawing()
    decide(copy, queue="duplicates", verdict="keep")
    assert queue("duplicates") == []
    assert queue() == pks(original, copy)


# Deciding


def test_a_decision_labels_the_drawing_and_keeps_who_and_when():
    drawing, grace = make_drawing(read="1"), make_staff("grace")
    before = timezone.now()
    decision = decide(drawing, "7", by=grace)
    label = drawing.labels.get()
    assert (label.value, label.state, label.decided_by) == ("7", "approved", grace)
    assert (decision.by, decision.value, decision.queue) == (grace, "7", "unreviewed")
    assert decision.created_at >= before


def test_a_decision_on_a_drawing_that_somebody_has_labelled_meanwhile_does_nothing():
    drawing = make_drawing()
    seen = review.state_of(drawing)
    decide(drawing, "3", by=make_staff("ada"))
    kept = labels(drawing)
    with pytest.raises(ChangedMeanwhileError):
        decide(drawing, "7", by=make_staff("grace"), seen=seen)
    assert labels(drawing) == kept


def test_a_label_given_in_the_list_meanwhile_counts_too():
    drawing = make_drawing()
    seen = review.state_of(drawing)
    review.label_as(drawing, "3", make_staff("ada"))
    with pytest.raises(ChangedMeanwhileError):
        decide(drawing, "7", by=make_staff("grace"), seen=seen)


def test_a_decision_sent_twice_is_one():
    drawing, grace = make_drawing(), make_staff()
    seen = review.state_of(drawing)
    first = decide(drawing, "7", by=grace, seen=seen)
    assert decide(drawing, "7", by=grace, seen=seen) == first
    with pytest.raises(ChangedMeanwhileError):
        decide(drawing, "8", by=grace, seen=seen)


@pytest.mark.django_db(transaction=True)
def test_of_two_staff_who_decide_at_the_same_moment_one_is_told():
    drawing, people = make_drawing(), [make_staff("ada"), make_staff("grace")]
    seen, start, told = review.state_of(drawing), threading.Barrier(2), []

    def work(person, value):
        try:
            start.wait(timeout=20)
            decide(drawing, value, by=person, seen=seen)
        except ChangedMeanwhileError:
            told.append(person)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(people, "37", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(told) == 1
    label, decision = Label.objects.get(drawing=drawing), Review.objects.get()
    assert label.decided_by == decision.by != told[0]


# Undoing


def test_undoing_puts_back_exactly_what_was_before():
    drawing = make_drawing(read="7")
    old = make_label(drawing, "1", given_by=make_user("ada"))
    old.approve(make_staff("ada"))
    make_label(drawing, "3")
    make_label(drawing, "4", state="refused")
    before, grace = labels(drawing), make_staff("grace")
    decision = decide(drawing, "9", by=grace)
    assert labels(drawing) != before
    review.undo(decision.pk, by=grace)
    assert labels(drawing) == before


def test_undoing_the_approval_of_a_suggestion_keeps_the_suggestion():
    drawing, grace = make_drawing(), make_staff()
    make_label(drawing, "1", given_by=make_user("ada"))
    before = labels(drawing)
    review.undo(decide(drawing, "1", by=grace).pk, by=grace)
    assert labels(drawing) == before
    assert queue() == pks(drawing)


def test_a_suggestion_that_came_after_the_decision_survives_its_undoing():
    drawing, grace = make_drawing(), make_staff()
    decision = decide(drawing, "7", by=grace)
    late = Label.objects.suggest(drawing, "1", user=make_user("ada"), visitor=None)
    review.undo(decision.pk, by=grace)
    assert list(drawing.labels.all()) == [late]


def test_undoing_a_duplicate_brings_its_label_back_into_training():
    make_drawing()
    copy, grace = make_drawing(), make_staff()
    make_label(copy, "7", state="approved")
    before = labels(copy)
    review.undo(decide(copy, queue="duplicates", verdict="duplicate", by=grace).pk, by=grace)
    assert labels(copy) == before
    assert queue("duplicates") == pks(copy)


def test_what_somebody_has_decided_on_since_is_not_undone():
    drawing, grace = make_drawing(), make_staff("grace")
    decision = decide(drawing, "7", by=grace)
    decide(drawing, "3", by=make_staff("ada"))
    kept = labels(drawing)
    with pytest.raises(ChangedMeanwhileError):
        review.undo(decision.pk, by=grace)
    assert labels(drawing) == kept


def test_a_label_changed_outside_the_desk_is_not_undone():
    drawing, grace = make_drawing(), make_staff("grace")
    decision = decide(drawing, "7", by=grace)
    review.label_as(drawing, "3", make_staff("ada"))
    with pytest.raises(ChangedMeanwhileError):
        review.undo(decision.pk, by=grace)


def test_nobody_undoes_what_another_person_decided():
    decision = decide(make_drawing(), by=make_staff("ada"))
    with pytest.raises(Review.DoesNotExist):
        review.undo(decision.pk, by=make_staff("grace"))


def test_undoing_goes_back_one_decision_after_the_other():
    grace = make_staff()
    first, second = make_drawing(), make_drawing(ONE)
    decide(first, "7", by=grace)
    newest = decide(second, "1", by=grace)
    assert review.last_decision(grace) == newest
    review.undo(newest.pk, by=grace)
    left = review.last_decision(grace)
    assert left is not None
    assert left.drawing == first
    assert Review.objects.get(pk=newest.pk).undone_at is not None
    assert queue() == pks(second)


def test_undoing_twice_is_undoing_once():
    grace = make_staff()
    decision = decide(make_drawing(), by=grace)
    review.undo(decision.pk, by=grace)
    undone_at = Review.objects.get().undone_at
    review.undo(decision.pk, by=grace)
    assert Review.objects.get().undone_at == undone_at


def test_an_undone_drawing_can_be_decided_on_as_it_was_seen_at_first():
    drawing, grace = make_drawing(), make_staff()
    seen = review.state_of(drawing)
    review.undo(decide(drawing, "7", by=grace, seen=seen).pk, by=grace)
    decide(drawing, "3", by=grace, seen=seen)
    assert drawing.labels.get().value == "3"
