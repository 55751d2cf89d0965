import json
import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from recognizer.admin.training_runs import EXAMPLES_SHOWN
from recognizer.models import TrainingRun
from recognizer.tests.admin_desk import queries_of
from recognizer.tests.factories import make_drawing, make_run, make_user, make_version

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/trainingrun/"

EPOCH = {"epoch": 1, "loss": 0.4, "accuracy": 0.9, "val_loss": 0.3, "val_accuracy": 0.92}


def page(client, run):
    response = client.get(f"{LIST}{run.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def cancel(client, run):
    return client.post(reverse("admin:recognizer_trainingrun_cancel", args=[run.pk]), follow=True)


def test_the_list_shows_how_far_a_run_is(admin_client):
    make_run([make_drawing()], state="running", epoch=2, epochs=4, loss=0.1234, accuracy=0.987)
    html = admin_client.get(LIST).content.decode()
    assert "2/4" in html
    assert "0.1234" in html
    assert "98.70 %" in html


def test_the_list_takes_as_many_queries_for_20_runs_as_for_2(admin_client):
    def add(count):
        for _ in range(count):
            make_version(run=make_run([drawing], requested_by=make_user()))

    drawing = make_drawing()
    add(2)
    admin_client.get(LIST)
    for_two = queries_of(admin_client, LIST)
    add(18)
    assert queries_of(admin_client, LIST) == for_two


def test_the_page_names_the_api_that_tells_its_progress(admin_client):
    run = make_run(state="running")
    html = page(admin_client, run)
    url = reverse("training-run-detail", args=[run.pk])
    assert f'data-url="{url}"' in html
    assert 'data-over="false"' in html
    assert 'type="module"' in html


def test_the_api_tells_everything_that_the_page_shows(admin_client):
    run = make_run(state="running")
    answer = admin_client.get(reverse("training-run-detail", args=[run.pk])).json()
    live = re.search(r'id="training-run-live"[^>]*>(.*?)</script>', page(admin_client, run))
    assert live
    assert {*json.loads(live[1]), "log", "error"} <= set(answer)


def test_the_page_holds_the_history_before_it_has_asked_the_api(admin_client):
    run = make_run(state="running", history=[EPOCH])
    assert '"val_accuracy": 0.92' in page(admin_client, run)


def test_a_run_that_is_over_is_not_followed(admin_client):
    assert 'data-over="true"' in page(admin_client, make_run(state="failed"))


def test_the_page_links_to_the_version_the_run_made(admin_client):
    run = make_run(state="succeeded")
    version = make_version(run=run)
    url = reverse("admin:recognizer_modelversion_change", args=[version.pk])
    assert f'<a href="{url}">' in page(admin_client, run)


def test_the_page_shows_the_error_and_the_log_escaped(admin_client):
    html = page(admin_client, make_run(state="failed", error="<b>disk</b>", log="<i>full</i>"))
    assert "&lt;b&gt;disk&lt;/b&gt;" in html
    assert "&lt;i&gt;full&lt;/i&gt;" in html


def test_a_history_cannot_end_the_script_that_holds_it(admin_client):
    run = make_run(state="running", stage="</script><b>")
    assert "</script><b>" not in page(admin_client, run)


def test_the_page_shows_a_limited_number_of_drawings(admin_client):
    drawing = make_drawing()
    drawings = [drawing, *(make_drawing(read=None) for _ in range(EXAMPLES_SHOWN))]
    html = page(admin_client, make_run(drawings))
    assert html.count('class="hw-thumbnail"') == EXAMPLES_SHOWN
    assert f"The first {EXAMPLES_SHOWN} of {EXAMPLES_SHOWN + 1}." in html


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_is_not_over_can_be_cancelled(admin_client, state):
    run = make_run(state=state)
    cancel(admin_client, run)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert run.finished_at


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_run_that_is_over_stays_as_it_ended(admin_client, state):
    run = make_run(state=state)
    response = cancel(admin_client, run)
    run.refresh_from_db()
    assert run.state == state
    assert "Nothing to cancel" in response.content.decode()


def test_only_the_selected_runs_are_cancelled(admin_client):
    chosen, other = make_run(), make_run()
    admin_client.post(LIST, {"action": "cancel", "index": "0", ACTION_CHECKBOX_NAME: [chosen.pk]})
    states = dict(TrainingRun.objects.values_list("pk", "state"))
    assert states == {chosen.pk: "cancelled", other.pk: "queued"}


def test_cancelling_takes_a_post(admin_client):
    url = reverse("admin:recognizer_trainingrun_cancel", args=[make_run().pk])
    assert admin_client.get(url).status_code == 405


def test_a_run_is_never_added_edited_or_deleted_here(admin_client):
    run = make_run()
    assert admin_client.get(LIST + "add/").status_code == 403
    assert admin_client.post(f"{LIST}{run.pk}/change/", {"state": "x"}).status_code == 403
    assert admin_client.post(f"{LIST}{run.pk}/delete/", {"post": "yes"}).status_code == 403
