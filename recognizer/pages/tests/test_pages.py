import gzip
import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from recognizer.tests.factories import make_drawing, make_label, make_staff, make_user
from recognizer.tests.visitors import sign_in_as_visitor

pytestmark = pytest.mark.django_db

INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


def history(client: Client, query: str = "") -> str:
    response = client.get(reverse("history") + query)
    assert response.status_code == 200
    return response.content.decode()


def count_drawings(html: str) -> int:
    return html.count('data-testid="drawing"')


def test_a_page_comes_compressed_to_whom_can_take_it(client):
    response = client.get("/", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content).endswith(b"</html>\n")
    assert "Content-Encoding" not in client.get("/").headers


def test_the_drawing_page_names_the_api_it_talks_to(client):
    html = client.get(reverse("draw")).content.decode()
    assert f'data-predict-url="{reverse("predict")}"' in html
    assert f'data-drawings-url="{reverse("drawing-list")}"' in html


def test_the_drawing_page_gives_a_csrf_cookie(client):
    assert "csrftoken" in client.get(reverse("draw")).cookies


@pytest.mark.parametrize("name", ["draw", "history"])
def test_a_page_refuses_a_post(client, name):
    assert client.post(reverse(name)).status_code == 405


@pytest.mark.parametrize("name", ["draw", "history"])
def test_a_page_has_no_inline_script_or_style(client, name):
    make_label(make_drawing(visitor=sign_in_as_visitor(client)), "3")
    html = client.get(reverse(name)).content.decode()
    assert INLINE.findall(html) == []


@pytest.mark.parametrize("name", ["draw", "history"])
def test_a_page_comes_with_a_strict_content_security_policy(client, name):
    policy = client.get(reverse(name)).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_history_without_drawings_tells_what_to_do(client):
    html = history(client)
    assert "Nothing here yet" in html
    assert f'href="{reverse("draw")}"' in html


def test_history_shows_the_prediction_and_what_became_of_the_label(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client), read="7", confidence=0.993)
    make_label(drawing, "1")
    html = history(client)
    assert "Read as <strong>7</strong>" in html
    assert "99.3 % sure" in html
    assert "Labelled 1 · waiting for review" in html


def test_history_shows_a_rejected_drawing_as_not_read(client):
    drawing = make_drawing(visitor=sign_in_as_visitor(client), read="")
    html = history(client)
    assert str(drawing.public_id) in html
    assert "Read as <strong>" not in html


def test_history_leaves_out_other_visitors_drawings(client):
    mine = make_drawing(visitor=sign_in_as_visitor(client))
    make_drawing()
    html = history(client)
    assert count_drawings(html) == 1
    assert str(mine.public_id) in html


def test_history_of_a_signed_in_person_leaves_out_other_peoples_drawings(client):
    user = make_user("ada")
    mine = make_drawing(user=user)
    make_drawing(user=make_user("bob"))
    make_drawing()
    client.force_login(user)
    html = history(client)
    assert count_drawings(html) == 1
    assert str(mine.public_id) in html


def test_history_shows_staff_only_their_own_drawings(client):
    make_drawing()
    client.force_login(make_staff())
    assert count_drawings(history(client)) == 0


@pytest.mark.parametrize(("staff", "shown"), [(True, True), (False, False)])
def test_the_admin_is_linked_for_staff_alone(client, staff, shown):
    client.force_login(make_staff() if staff else make_user())
    html = client.get(reverse("draw")).content.decode()
    assert (f'href="{reverse("admin:index")}"' in html) is shown


def test_an_unknown_address_gets_our_own_404_page(client):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize("template", ["500.html", "503.html", "403_csrf.html"])
def test_a_page_shown_when_all_else_fails_needs_no_context_and_nothing_inline(template):
    html = render_to_string(template)
    assert "</html>" in html
    assert INLINE.findall(html) == []


def test_the_api_documentation_has_no_inline_script_or_style(client):
    response = client.get(reverse("api-docs"))
    assert response.status_code == 200
    assert INLINE.findall(response.content.decode()) == []
