import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from recognizer import exchange
from recognizer.models import Drawing, Label
from recognizer.tests.admin_desk import choose_action, words
from recognizer.tests.exchanging import entries, exported, imported, make_one_of_each
from recognizer.tests.factories import make_drawing, make_label, make_staff

pytestmark = pytest.mark.django_db

LIST = "/admin/recognizer/drawing/"
IMPORT = "/admin/recognizer/drawing/import/"


def upload(client, content, **fields):
    file = SimpleUploadedFile("drawings.npz", content)
    return client.post(IMPORT, {"file": file, **fields}, follow=True)


@pytest.mark.parametrize(
    ("file_format", "ending"), [("npz", ".npz"), ("csv", ".zip"), ("idx", ".idx.zip")]
)
def test_the_selected_drawings_are_exported_as_a_stream(admin_client, file_format, ending):
    chosen, *_ = make_one_of_each()
    response = choose_action(admin_client, LIST, f"export_{file_format}", chosen)
    assert response.streaming
    assert response["Content-Disposition"].endswith(f'{ending}"')
    content = response.getvalue()
    assert content == exported(file_format, Drawing.objects.filter(pk=chosen.pk))


def test_with_all_selected_the_filter_is_honoured(admin_client):
    shown, *others = make_one_of_each()
    response = admin_client.post(
        f"{LIST}?label=approved&source=canvas",
        {
            "action": "export_csv",
            "index": "0",
            "select_across": "1",
            ACTION_CHECKBOX_NAME: [shown.pk],
        },
    )
    lines = entries(response.getvalue())["drawings.csv"].decode()
    assert str(shown.public_id) in lines
    assert not any(str(other.public_id) in lines for other in others)


@pytest.mark.parametrize("file_format", exchange.FORMATS)
def test_an_exported_file_is_imported_by_the_page(admin_client, admin_user, file_format):
    make_one_of_each()
    content = exported(file_format)
    held = 2 if file_format == "idx" else 5
    Drawing.objects.all().delete()
    response = upload(admin_client, content)
    assert words(response) == [f"Imported: {held}. Already present: 0."]
    assert response.redirect_chain[-1][0] == LIST
    label = Label.objects.get(value="7")
    assert (label.state, label.given_by) == ("suggested", admin_user)


def test_the_page_approves_in_the_name_of_who_imports(admin_client, admin_user):
    make_label(make_drawing(), "7", state="approved")
    content = exported("npz")
    Drawing.objects.all().delete()
    upload(admin_client, content, approve="on")
    label = Label.objects.get()
    assert (label.state, label.decided_by) == ("approved", admin_user)


def test_a_broken_file_is_refused_with_a_word_on_what_is_wrong(admin_client):
    make_one_of_each()
    content = exported("csv")
    Drawing.objects.all().delete()
    response = upload(admin_client, content[:-30])
    assert "Nothing was imported. The file is not a whole ZIP" in response.content.decode()
    assert not Drawing.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"approve": "on"}, {"file": "text"}])
def test_without_a_file_the_page_asks_for_one(admin_client, fields):
    response = admin_client.post(IMPORT, fields)
    assert "This field is required." in response.content.decode()


def test_what_a_broken_file_says_is_escaped(admin_client):
    make_one_of_each()
    content = exported("npz")
    broken = content.replace(b"labels.npy", b"<b>ls.npy")
    assert b"<b>ls" in broken
    html = upload(admin_client, broken).content.decode()
    assert "Nothing was imported." in html
    assert "<b>ls" not in html


def test_the_pages_of_imported_drawings_work(admin_client):
    make_one_of_each()
    content = exported("npz")
    Drawing.objects.all().delete()
    imported(content)
    assert admin_client.get(LIST, {"o": "2.3"}).status_code == 200
    for drawing in Drawing.objects.all():
        assert admin_client.get(f"{LIST}{drawing.pk}/change/").status_code == 200
        answer = admin_client.get(f"/api/v1/drawings/{drawing.public_id}/").json()
        assert answer["prediction"] is None


def test_who_may_only_look_neither_exports_nor_imports(client):
    drawing = make_drawing()
    client.force_login(make_staff(permissions=["view_drawing"]))
    assert IMPORT not in client.get(LIST).content.decode()
    assert client.get(IMPORT).status_code == 403
    assert upload(client, b"").status_code == 403
    response = choose_action(client, LIST, "export_npz", drawing)
    assert "Content-Disposition" not in response


def test_who_reviews_sees_the_way_to_the_import(client):
    client.force_login(make_staff(permissions=["change_drawing"]))
    assert reverse("admin:recognizer_drawing_import") == IMPORT
    assert IMPORT in client.get(LIST).content.decode()
    assert client.get(IMPORT).status_code == 200


def test_a_visitor_is_sent_to_the_login_page(client):
    assert client.get(IMPORT).url.startswith("/admin/login/")
