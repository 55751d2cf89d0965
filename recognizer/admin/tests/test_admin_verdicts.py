import re
from html import unescape

import pytest
from django.urls import reverse

from recognizer import tasks
from recognizer.models import ModelVersion, Promotion, VerdictDrawing
from recognizer.registry import gate
from recognizer.tests.admin_desk import choose_action, queries_of, words
from recognizer.tests.candidates import approved_seven, reads_well, takes_sevens_for_ones
from recognizer.tests.factories import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_mnist_images")]

LIST = "/admin/recognizer/modelversion/"
ACTIVE = ModelVersion.State.ACTIVE


def url(version):
    return f"{LIST}{version.pk}/change/"


def page(client, version):
    response = client.get(url(version))
    assert response.status_code == 200
    return response.content.decode()


def text(html):
    """The visible text, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def post(client, name, version, **data):
    address = reverse(f"admin:recognizer_modelversion_{name}", args=[version.pk])
    return client.post(address, data, follow=True)


@pytest.fixture
def passed():
    """A candidate that is right on seven test drawings where the active version is wrong."""
    takes_sevens_for_ones(state=ACTIVE)
    for _ in range(7):
        approved_seven(held_out=True)
    candidate = reads_well()
    gate.evaluate(candidate)
    return candidate


@pytest.fixture
def refused():
    """A candidate whose predictions are the same as its opponent's."""
    reads_well(state=ACTIVE)
    candidate = reads_well()
    gate.evaluate(candidate)
    return candidate


def test_the_page_tells_the_verdict_in_words_and_numbers(admin_client, passed):
    opponent = ModelVersion.objects.active()
    shown = text(page(admin_client, passed))
    assert f"passed against {opponent} , " in shown
    assert "Better on the drawn test set (7 newly right, 0 newly wrong; p = 0.0078)" in shown
    assert "MNIST test 40 → 40 of 40 0 0 p = 1 no difference beyond noise" in shown
    assert "Drawn test set 0 → 7 of 7 7 0 p = 0.0078 better" in shown
    assert "Past corrections nothing to compare yet" in shown
    assert "To promote it, give a reason" not in shown


def test_the_page_shows_what_became_right_and_what_became_wrong(admin_client, passed):
    html = page(admin_client, passed)
    right, wrong = html.split("<h3>Newly wrong</h3>")
    assert right.count('class="hw-thumbnail"') == 7
    assert "No drawings." in wrong
    assert "7 1 → 7" in text(right)


def test_the_page_says_how_many_corrections_it_has_learned_from(admin_client):
    takes_sevens_for_ones(state=ACTIVE)
    approved_seven(read="1")
    approved_seven(read="1", held_out=True)
    gate.evaluate(candidate := reads_well())
    shown = text(page(admin_client, candidate))
    assert "1 in the test set: 1 newly right, 0 newly wrong." in shown
    assert "it was trained on:" not in shown


def test_the_page_takes_as_many_queries_for_many_changed_drawings_as_for_few(admin_client, passed):
    verdict = passed.verdicts.get()
    page(admin_client, passed)
    for_seven = queries_of(admin_client, url(passed))
    for newly_right in (True, False):
        for _ in range(20):
            drawing = approved_seven()
            VerdictDrawing.objects.create(
                verdict=verdict, drawing=drawing, value="7", before="1", after="7",
                newly_right=newly_right,
            )  # fmt: skip
    assert queries_of(admin_client, url(passed)) == for_seven


def test_the_page_takes_as_many_queries_for_many_verdicts_as_for_two(admin_client, passed):
    gate.evaluate(passed)
    page(admin_client, passed)
    for_two = queries_of(admin_client, url(passed))
    for _ in range(4):
        gate.evaluate(passed)
    assert queries_of(admin_client, url(passed)) == for_two
    assert "Earlier verdicts" in page(admin_client, passed)


def test_a_candidate_without_a_verdict_says_so_and_can_be_compared(admin_client):
    active = reads_well(state=ACTIVE)
    shown = text(page(admin_client, reads_well()))
    assert "It has not been compared with another version yet." in shown
    assert "To promote it, give a reason" in shown
    assert f"Compare with {active}" in shown


def test_a_verdict_against_a_version_of_the_past_says_so(admin_client, passed):
    before = ModelVersion.objects.get(state=ACTIVE)
    ModelVersion.objects.filter(state=ACTIVE).update(state="retired")
    now = reads_well(state=ACTIVE)
    shown = text(page(admin_client, passed))
    assert f"{before} is no longer active: compare with {now} before" in shown
    assert "To promote it, give a reason" in shown


def test_a_candidate_that_has_passed_is_promoted_at_one_press(admin_client, passed):
    response = post(admin_client, "promote", passed)
    assert words(response) == [f"{passed} is active now."]
    assert not Promotion.objects.get().override


def test_a_refused_candidate_is_promoted_only_after_a_reason_was_written(
    admin_client, admin_user, refused
):
    asked = post(admin_client, "promote", refused, reason="As before.")
    assert "Not worse, but not better" in asked.content.decode()
    assert ">As before.</textarea>" in asked.content.decode()
    assert "A reason is required" not in asked.content.decode()
    again = post(admin_client, "promote", refused, override="yes", reason=" ")
    assert "A reason is required" in again.content.decode()
    assert not Promotion.objects.exists()
    done = post(admin_client, "promote", refused, override="yes", reason="Reads my sevens.")
    assert words(done) == [f"{refused} is active now."]
    kept = Promotion.objects.get()
    assert (kept.override, kept.reason, kept.promoted_by) == (True, "Reads my sevens.", admin_user)
    assert "Without a passed verdict: Reads my sevens." in text(page(admin_client, refused))


def test_the_action_of_the_list_asks_for_the_reason_too(admin_client, refused):
    response = choose_action(admin_client, LIST, "promote", refused)
    assert f"Promote {refused} anyway" in response.content.decode()
    assert not Promotion.objects.exists()


def test_the_page_that_asks_escapes_what_it_shows(admin_client, refused):
    html = post(admin_client, "promote", refused, reason="</textarea><b>").content.decode()
    assert "</textarea><b>" not in html
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)


def test_staff_who_may_only_look_see_the_verdict_and_no_buttons(client, refused):
    client.force_login(make_staff(permissions=["view_modelversion"]))
    html = page(client, refused)
    assert "Not worse, but not better" in html
    assert "/judge/" not in html
    assert "/promote/" not in html
    assert post(client, "promote", refused, override="yes", reason="x").status_code == 403
    assert post(client, "judge", refused).status_code == 403


def test_a_comparison_is_left_to_a_worker(admin_client):
    reads_well(state=ACTIVE)
    candidate = reads_well()
    response = post(admin_client, "judge", candidate)
    assert f"A worker compares {candidate}" in words(response)[0]
    assert not candidate.verdicts.exists()
    tasks.evaluate_version(candidate.pk)
    assert candidate.verdicts.count() == 1


def test_the_action_of_the_list_compares_every_version_chosen(admin_client):
    active, first, second = reads_well(state=ACTIVE), reads_well(), reads_well()
    said = words(choose_action(admin_client, LIST, "judge", active, first, second))
    assert [line.split(",")[0].split(":")[0] for line in sorted(said)] == [
        f"A worker compares {first} with the active version; its page shows the verdict in"
        " about a minute.",
        f"A worker compares {second} with the active version; its page shows the verdict in"
        " about a minute.",
        f"{active} is active",
    ]


def test_comparing_takes_a_post(admin_client):
    address = reverse("admin:recognizer_modelversion_judge", args=[reads_well().pk])
    assert admin_client.get(address).status_code == 405


def test_an_override_is_marked_in_the_promotion_history(admin_client, refused):
    Promotion.objects.create(version=refused, override=True, reason="Mine.")
    html = admin_client.get("/admin/recognizer/promotion/?override__exact=1").content.decode()
    assert "Mine." in html
    assert (
        "Mine."
        not in admin_client.get("/admin/recognizer/promotion/?override__exact=0").content.decode()
    )


def test_a_drawing_that_is_shown_in_a_verdict_can_be_deleted(admin_client, passed):
    drawing = passed.verdicts.get().changes.first().drawing
    admin_client.post(f"/admin/recognizer/drawing/{drawing.pk}/delete/", {"post": "yes"})
    html = page(admin_client, passed)
    assert html.split("<h3>Newly wrong</h3>")[0].count('class="hw-thumbnail"') == 6
    assert "7 newly right" in html
