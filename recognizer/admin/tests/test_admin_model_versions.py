import pytest
from django.urls import reverse

from ml import pretrained
from recognizer.models import ModelVersion, Promotion
from recognizer.registry import promotion
from recognizer.tests.admin_desk import choose_action, queries_of, words
from recognizer.tests.factories import make_drawing, make_metrics, make_run, make_version

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/modelversion/"


def page(client, version):
    response = client.get(f"{LIST}{version.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def promote(client, version, reason=""):
    url = reverse("admin:recognizer_modelversion_promote", args=[version.pk])
    return client.post(url, {"reason": reason}, follow=True)


def act(client, action, *versions):
    return choose_action(client, LIST, action, *versions)


def make_candidate():
    """A candidate that can be loaded."""
    return make_version(artifact=pretrained.ARTIFACT.read_bytes())


def test_the_list_shows_what_each_version_reached(admin_client):
    make_version(metrics={"mnist_test": make_metrics(errors=50)}, run=make_run())
    html = admin_client.get(LIST).content.decode()
    assert "99.50 %" in html
    assert "Run " in html


def test_the_list_takes_as_many_queries_for_20_versions_as_for_2(admin_client):
    def add(count):
        for _ in range(count):
            make_version(run=make_run())

    add(2)
    admin_client.get(LIST)
    for_two = queries_of(admin_client, LIST)
    add(18)
    assert queries_of(admin_client, LIST) == for_two


def test_a_version_whose_file_is_missing_is_still_listed(admin_client):
    version = make_version()
    version.artifact.delete(save=False)
    assert "missing" in admin_client.get(LIST).content.decode()


def test_the_page_compares_a_version_with_the_active_one(admin_client):
    make_version(state=ModelVersion.State.ACTIVE, metrics={"mnist_test": make_metrics(errors=60)})
    version = make_version(metrics={"mnist_test": make_metrics(errors=40)})
    html = page(admin_client, version)
    assert "99.60 %" in html
    assert "99.40 %" in html
    assert "+0.20 points" in html


def test_the_page_shows_the_confusion_matrix(admin_client):
    version = make_version(metrics={"mnist_test": make_metrics(errors=40)})
    html = page(admin_client, version)
    assert '<td class="hw-right">960</td>' in html
    assert '<td class="hw-wrong-4">40</td>' in html
    assert html.count('<tr><th scope="row">') == 10


def test_a_version_without_metrics_has_a_page(admin_client):
    assert "Nothing was measured." in page(admin_client, make_version(metrics={}))


def test_the_page_shows_the_run_and_the_drawings_a_version_came_from(admin_client):
    run = make_run([make_drawing(), make_drawing()])
    html = page(admin_client, make_version(run=run))
    assert reverse("admin:recognizer_trainingrun_change", args=[run.pk]) in html
    assert html.count('class="hw-thumbnail"') == 2


def test_promoting_a_version_keeps_who_and_why(admin_client, admin_user, shipped_model):
    candidate = make_candidate()
    response = promote(admin_client, candidate, "Reads open fours.")
    candidate.refresh_from_db()
    newest = Promotion.objects.latest("pk")
    assert candidate.state == ModelVersion.State.ACTIVE
    assert (newest.version, newest.replaced) == (candidate, shipped_model)
    assert (newest.promoted_by, newest.reason) == (admin_user, "Reads open fours.")
    assert words(response) == [f"{candidate} is active now."]


def test_a_damaged_version_is_not_promoted_and_the_reason_is_shown(admin_client):
    damaged = make_version()
    response = promote(admin_client, damaged)
    damaged.refresh_from_db()
    assert damaged.state == ModelVersion.State.CANDIDATE
    assert "cannot be loaded" in words(response)[0]


def test_the_action_promotes_one_version_only(admin_client):
    first, second = make_version(), make_version()
    assert words(act(admin_client, "promote", first, second)) == ["Select exactly one version."]
    assert not Promotion.objects.exists()


def test_the_action_promotes_the_selected_version(admin_client, shipped_model):
    candidate = make_candidate()
    act(admin_client, "promote", candidate)
    assert ModelVersion.objects.active() == candidate


def test_rolling_back_needs_no_selection(admin_client, shipped_model):
    promotion.promote(make_candidate(), by=None)
    act(admin_client, "roll_back")
    assert ModelVersion.objects.active() == shipped_model


def test_the_button_rolls_back_and_keeps_the_reason(admin_client, shipped_model):
    promotion.promote(make_candidate(), by=None)
    admin_client.post(reverse("admin:recognizer_modelversion_roll_back"), {"reason": "Worse."})
    newest = Promotion.objects.latest("pk")
    assert ModelVersion.objects.active() == shipped_model
    assert (newest.rollback, newest.reason) == (True, "Worse.")


def test_without_an_earlier_version_a_roll_back_says_so(admin_client):
    response = act(admin_client, "roll_back")
    assert words(response) == ["No version was active before this one."]


def test_the_page_shows_when_a_version_was_active_and_what_replaced_it(admin_client):
    old, new = make_version(), make_version()
    Promotion.objects.create(version=old, reason="<b>first</b>")
    Promotion.objects.create(version=new, replaced=old)
    html = page(admin_client, old)
    assert "&lt;b&gt;first&lt;/b&gt;" in html
    assert f"Replaced by {new}" in html


@pytest.mark.parametrize("name", ["promote", "roll_back"])
def test_changing_the_active_version_takes_a_post(admin_client, name):
    args = [make_version().pk] if name == "promote" else []
    url = reverse(f"admin:recognizer_modelversion_{name}", args=args)
    assert admin_client.get(url).status_code == 405


def test_a_version_is_never_added_edited_or_deleted_here(admin_client):
    version = make_version()
    assert admin_client.get(LIST + "add/").status_code == 403
    assert admin_client.post(f"{LIST}{version.pk}/change/", {"number": "9"}).status_code == 403
    assert admin_client.post(f"{LIST}{version.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_promotion_history_is_read_only(admin_client):
    row = Promotion.objects.create(version=make_version(), reason="Better.")
    assert "Better." in admin_client.get("/admin/recognizer/promotion/").content.decode()
    assert admin_client.get("/admin/recognizer/promotion/add/").status_code == 403
    change = f"/admin/recognizer/promotion/{row.pk}/change/"
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"reason": "x"}).status_code == 403
