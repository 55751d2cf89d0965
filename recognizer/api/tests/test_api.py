import base64
import io
import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from PIL import Image

from devtools import golden
from ml.contract import DIGITS
from ml.drawing.tests.pictures import TRUNCATED_JPEG, bomb, encoded, picture_of
from recognizer.models import Drawing, Label, ModelVersion, Prediction
from recognizer.registry import active_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

PREDICT, DRAWINGS = "/api/v1/predict/", "/api/v1/drawings/"


def post(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def patch(client: Client, drawing_id: str, body: Any) -> Any:
    url = f"{DRAWINGS}{drawing_id}/"
    return client.patch(url, body, content_type="application/json")


def answer(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def saved(client: Client, digit: str = "7") -> Any:
    return answer(post(client, DRAWINGS, golden.body(digit)), 201)


def png_of(digit: str) -> bytes:
    return encoded(picture_of(digit))


def data_url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def test_an_answer_has_the_documented_shape(client: Client) -> None:
    body = answer(post(client, PREDICT, golden.body("7")))
    assert set(body) == {"text", "confidence", "rejected", "symbols", "model"}
    assert (body["text"], body["rejected"], body["model"]) == ("7", None, {"version": 1})
    (symbol,) = body["symbols"]
    assert set(symbol) == {"label", "confidence", "probabilities", "box", "input"}
    assert list(symbol["probabilities"]) == list(DIGITS)
    assert 0.9 < sum(symbol["probabilities"].values()) < 1.0001
    assert symbol["confidence"] == max(symbol["probabilities"].values()) == body["confidence"]
    assert symbol["box"] == [85.0, 65.0, 105.0, 160.0]
    seen = Image.open(io.BytesIO(base64.b64decode(symbol["input"].split(",")[1])))
    assert (seen.size, seen.mode) == ((28, 28), "L")


@pytest.mark.parametrize("digit", DIGITS)
def test_every_digit_is_read_from_strokes_and_from_a_picture(client: Client, digit: str) -> None:
    assert answer(post(client, PREDICT, golden.body(digit)))["text"] == digit
    assert answer(post(client, PREDICT, {"image": data_url(png_of(digit))}))["text"] == digit


def test_a_picture_can_be_uploaded_as_a_file(client: Client) -> None:
    file = io.BytesIO(png_of("4"))
    file.name = "four.png"
    assert answer(client.post(PREDICT, {"image": file}))["text"] == "4"


def test_predicting_stores_nothing_and_starts_no_session(client: Client) -> None:
    post(client, PREDICT, golden.body("7"))
    assert not Drawing.objects.exists()
    assert not client.cookies


def test_a_saved_drawing_keeps_its_strokes_and_the_answer_that_was_given(client: Client) -> None:
    body = saved(client)
    assert set(body) == {"id", "created_at", "source", "title", "label", "prediction", "share"}
    assert (body["title"], body["label"], body["share"]) == ("", None, None)
    assert body["prediction"] == answer(post(client, PREDICT, golden.body("7")))
    drawing = Drawing.objects.get(public_id=body["id"])
    drawn = drawing.drawn()
    assert [stroke[:, :2].tolist() for stroke in drawn.strokes] == golden.STROKES["7"]  # type: ignore[union-attr]
    assert answer(client.get(f"{DRAWINGS}{body['id']}/")) == body


def test_a_saved_picture_is_read_again_the_same(client: Client) -> None:
    body = answer(post(client, DRAWINGS, {"image": data_url(png_of("3"))}), 201)
    drawing = Drawing.objects.get(public_id=body["id"])
    model = active_model.current()
    assert (drawing.source, drawing.ink) == ("image", None)
    scores = model.classifier.predict(drawing.drawn()).scores
    assert float(scores.max()) == pytest.approx(body["prediction"]["confidence"], abs=1e-5)


def test_a_drawing_is_never_edited(client: Client) -> None:
    saved(client)
    with pytest.raises(ValueError, match="never edited"):
        Drawing.objects.get().save()


def test_a_correction_is_kept_as_a_suggestion(client: Client) -> None:
    drawing_id = saved(client)["id"]
    label = answer(patch(client, drawing_id, {"label": "1"}))["label"]
    assert (label["value"], label["state"]) == ("1", "suggested")
    patch(client, drawing_id, {"label": "1"})
    assert Label.objects.count() == 1
    assert answer(patch(client, drawing_id, {"label": "not a digit"}))["label"]["value"] == (
        "not a digit"
    )
    assert Label.objects.count() == 2


@pytest.mark.parametrize(
    "body", [{"label": "x"}, {"label": ""}, {"label": 12}, {"label": None}, {}]
)
def test_a_label_that_is_no_class_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert "label" in answer(patch(client, saved(client)["id"], body), 400)
    assert not Label.objects.exists()


def test_people_see_and_change_only_their_own_drawings(client: Client) -> None:
    mine = saved(client)["id"]
    stranger = Client()
    saved(stranger)
    assert [row["id"] for row in answer(client.get(DRAWINGS))["results"]] == [mine]
    for response in (
        stranger.get(f"{DRAWINGS}{mine}/"),
        patch(stranger, mine, {"label": "1"}),
        stranger.delete(f"{DRAWINGS}{mine}/"),
        Client().get(f"{DRAWINGS}{mine}/"),
    ):
        assert response.status_code == 404
    assert answer(Client().get(DRAWINGS))["results"] == []
    assert Drawing.objects.count() == 2
    assert client.delete(f"{DRAWINGS}{mine}/").status_code == 204
    assert Drawing.objects.count() == 1


def test_a_user_keeps_their_drawings_over_sessions(client: Client) -> None:
    user = User.objects.create_user("ada", password="lovelace-1843")
    client.force_login(user)
    mine = saved(client)["id"]
    elsewhere = Client()
    elsewhere.force_login(user)
    assert [row["id"] for row in answer(elsewhere.get(DRAWINGS))["results"]] == [mine]
    assert answer(Client().get(DRAWINGS))["results"] == []


def test_staff_see_everybodys_drawings(client: Client, admin_client: Client) -> None:
    drawing_id = saved(client)["id"]
    assert answer(admin_client.get(f"{DRAWINGS}{drawing_id}/"))["id"] == drawing_id


@pytest.mark.parametrize("url", ["/api/v1/models/", "/api/v1/training-runs/", "/api/v1/models/1/"])
def test_staff_endpoints_refuse_everyone_else(
    client: Client, admin_client: Client, url: str
) -> None:
    assert client.get(url).status_code == 401
    client.force_login(User.objects.create_user("ada"))
    assert client.get(url).status_code == 403
    assert admin_client.get(url).status_code == 200


def test_a_logged_in_person_needs_a_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("ada"))
    assert post(strict, DRAWINGS, golden.body("7")).status_code == 403


GOOD = golden.body("7")
BAD: dict[str, tuple[Any, str]] = {
    "no strokes": ({**GOOD, "strokes": []}, "no strokes to read"),
    "strokes without points": ({**GOOD, "strokes": [[], []]}, "no strokes to read"),
    "strokes of text": ({**GOOD, "strokes": "abc"}, "Expected `array`"),
    "strokes of null": ({**GOOD, "strokes": None}, "null"),
    "points of text": ({**GOOD, "strokes": [[["a", "b"]]]}, "Expected `float`"),
    "a point of one number": ({**GOOD, "strokes": [[[1]]]}, "a point is [x, y] or [x, y, t]"),
    "off the canvas": ({**GOOD, "strokes": [[[999, 5]]]}, "off the 280 x 280 canvas"),
    "below the canvas": ({**GOOD, "strokes": [[[5, -1]]]}, "off the 280 x 280 canvas"),
    "no width": ({"strokes": GOOD["strokes"], "height": 280}, "size of the canvas"),
    "a width of text": ({**GOOD, "width": "wide"}, "valid integer"),
    "a negative width": ({**GOOD, "width": -5}, "greater than or equal to 1"),
    "a canvas too large": ({**GOOD, "height": 10**9}, "less than or equal to 10000"),
    "nothing": ({}, "either strokes or an image"),
    "both": ({**GOOD, "image": data_url(png_of("3"))}, "either strokes or an image"),
    "a list": ([1, 2], "Expected a dictionary"),
    "an image of a number": ({"image": 5}, "data URL"),
    "an image that is a link": ({"image": "https://example.com/3.png"}, "data:image/png"),
    "an svg": ({"image": "data:image/svg+xml;base64,PHN2Zy8+"}, "data:image/png"),
    "broken base64": ({"image": "data:image/png;base64,@@@"}, "not valid base64"),
    "no picture": ({"image": data_url(b"hello")}, "not a PNG or JPEG"),
    "a truncated picture": ({"image": data_url(png_of("3")[:200])}, "damaged"),
    "a truncated jpeg": ({"image": data_url(TRUNCATED_JPEG, "jpeg")}, "damaged"),
    "a picture of 1x1": ({"image": data_url(encoded(Image.new("L", (1, 1))))}, "1 x 1 pixels"),
    "a png bomb": ({"image": data_url(bomb())}, "more than 20,000,000 pixels"),
}


@pytest.mark.parametrize("url", [PREDICT, DRAWINGS])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_clear_400_and_stores_nothing(client: Client, url: str, name: str) -> None:
    body, words = BAD[name]
    response = post(client, url, json.dumps(body))
    assert words in json.dumps(answer(response, 400)).replace('\\"', '"')
    assert not Drawing.objects.exists()
    assert not Prediction.objects.exists()
    assert answer(post(client, PREDICT, GOOD))["text"] == "7"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"strokes": [[[NaN, 1]]], "width": 280, "height": 280}',
        b'{"strokes": [[[Infinity, 1]]], "width": 280, "height": 280}',
        b"[" * 200_000,
        b"\xff\xfe\x00",
        b'{"strokes": [[[1e999, 1]]], "width": 280, "height": 280}',
    ],
    ids=["empty", "cut off", "NaN", "Infinity", "deep", "not UTF-8", "overflow"],
)
def test_a_body_that_is_no_sound_json_is_a_400(client: Client, raw: bytes) -> None:
    assert answer(post(client, PREDICT, raw), 400)


def test_a_million_points_are_refused(client: Client) -> None:
    many = {**GOOD, "strokes": [[[1, 2]] * 400_000]}
    assert "at most 20000" in json.dumps(answer(post(client, DRAWINGS, many), 400))
    million = json.dumps({**GOOD, "strokes": [[[1, 2]] * 1_000_000]})
    assert "over 5,000,000 bytes" in answer(post(client, DRAWINGS, million), 413)["detail"]
    assert not Drawing.objects.exists()


def test_a_body_of_20_mb_is_a_413(client: Client) -> None:
    huge = json.dumps({"image": data_url(bytes(15_000_000))})
    assert len(huge) > 20_000_000
    assert "detail" in answer(post(client, PREDICT, huge), 413)
    file = io.BytesIO(bytes(20_000_000))
    file.name = "huge.png"
    assert "detail" in answer(client.post(PREDICT, {"image": file}), 413)


def test_another_content_type_is_a_415(client: Client) -> None:
    response = client.post(PREDICT, "strokes", content_type="text/plain")
    assert response.status_code == 415


@pytest.mark.parametrize("url", [f"{DRAWINGS}not-a-uuid/", f"{DRAWINGS}{uuid.UUID(int=7)}/"])
def test_a_drawing_that_is_not_there_is_a_404(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404


def test_a_dot_is_too_small_and_still_says_what_the_model_would_say(client: Client) -> None:
    body = answer(post(client, PREDICT, {**GOOD, "strokes": [[[100, 100]]]}))
    assert body["text"] == ""
    assert body["rejected"]["code"] == "too_small"
    assert "draw larger" in body["rejected"]["message"]
    assert len(body["symbols"]) == 1


@pytest.mark.parametrize("name", golden.NO_DIGITS)
def test_what_is_no_digit_is_refused_and_can_be_saved(client: Client, name: str) -> None:
    body = answer(post(client, PREDICT, golden.body(name)))
    assert (body["text"], body["rejected"]["code"]) == ("", "not_a_digit")
    assert "not look like a digit" in body["rejected"]["message"]
    assert list(body["symbols"][0]["probabilities"]) == list(DIGITS)
    stored = answer(post(client, DRAWINGS, golden.body(name)), 201)
    assert stored["prediction"] == body


def test_a_white_picture_is_blank_and_is_not_saved(client: Client) -> None:
    body = {"image": data_url(encoded(Image.new("L", (100, 100), 255)))}
    assert answer(post(client, PREDICT, body))["rejected"]["code"] == "blank"
    assert "no ink" in answer(post(client, DRAWINGS, body), 400)["detail"]
    assert not Drawing.objects.exists()


def test_a_picture_that_is_too_faint_says_so_and_is_not_saved(client: Client) -> None:
    body = {"image": data_url(encoded(picture_of("7", ink=238, paper=250)))}
    rejected = answer(post(client, PREDICT, body))["rejected"]
    assert rejected["code"] == "too_faint"
    assert "darker pen" in rejected["message"]
    assert "darker pen" in answer(post(client, DRAWINGS, body), 400)["detail"]
    body = {"image": data_url(encoded(picture_of("7", ink=200, paper=250)))}
    assert answer(post(client, PREDICT, body))["text"] == "7"


def test_without_a_model_the_answer_is_503_with_a_reason(client: Client) -> None:
    ModelVersion.objects.update(state="retired")
    active_model.forget()
    response = post(client, PREDICT, GOOD)
    assert "No model is available" in answer(response, 503)["detail"]
    assert response["Retry-After"]


def test_too_many_calls_are_a_429_with_retry_after(client: Client, monkeypatch: Any) -> None:
    from recognizer.api.throttles import Throttle

    monkeypatch.setitem(Throttle.THROTTLE_RATES, "predict", "3/min")
    statuses = [post(client, PREDICT, GOOD).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = post(client, PREDICT, GOOD)
    assert 0 < int(refused["Retry-After"]) <= 60
    spoofed = client.post(
        PREDICT, GOOD, content_type="application/json", headers={"x-forwarded-for": "1.2.3.4"}
    )
    assert spoofed.status_code == 429


def test_predictions_need_no_session_so_that_they_go_on_without_a_database(client: Client) -> None:
    client.force_login(User.objects.create_user("ada"))
    with CaptureQueriesContext(connection) as asked:
        answer(post(client, PREDICT, golden.body("7")))
    # The active version may be looked at; if that fails, the one in memory answers.
    assert [query["sql"] for query in asked if "recognizer_modelversion" not in query["sql"]] == []


@override_settings(
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
)
def test_predictions_go_on_while_redis_is_away(client: Client, monkeypatch: Any) -> None:
    from recognizer.api.throttles import Throttle

    monkeypatch.setitem(Throttle.THROTTLE_RATES, "predict", "3/min")
    assert post(client, PREDICT, GOOD).status_code == 200


def test_the_openapi_document_names_every_endpoint(client: Client) -> None:
    response = client.get("/api/v1/schema/", headers={"accept": "application/json"})
    paths = answer(response)["paths"]
    assert set(paths) == {
        "/api/v1/predict/",
        "/api/v1/drawings/",
        "/api/v1/drawings/{id}/",
        "/api/v1/drawings/{id}/share/",
        "/api/v1/models/",
        "/api/v1/models/{version}/",
        "/api/v1/models/active/",
        "/api/v1/training-runs/",
        "/api/v1/training-runs/{id}/",
    }
    assert client.get("/api/v1/docs/").status_code == 200


def test_what_was_just_stored_is_not_read_back(client: Client) -> None:
    saved(client)
    with CaptureQueriesContext(connection) as asked:
        body = saved(client)
    tables = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert not [sql for sql in tables if "_label" in sql or "_prediction" in sql or "_share" in sql]
    assert answer(client.get(f"{DRAWINGS}{body['id']}/")) == body


def test_a_list_costs_a_constant_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for digit in "123456":
        patch(client, saved(client, digit)["id"], {"label": digit})
    with django_assert_max_num_queries(8):
        assert len(answer(client.get(DRAWINGS))["results"]) == 6
