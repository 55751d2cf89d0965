"""Several drawings read by one request."""

import json
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from devtools import golden
from ml.contract import DIGITS
from ml.drawing.tests.pictures import encoded
from ml.reading.inference import Classifier
from recognizer.api.tests.test_api import GOOD, PREDICT, answer, data_url, png_of, post
from recognizer.models import Drawing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

BLANK = {"image": data_url(encoded(Image.new("L", (100, 100), 255)))}


def batch(client: Client, items: Any, status: int = 200) -> Any:
    return answer(post(client, PREDICT, {"items": items}), status)["items"]


def test_drawings_are_answered_in_their_order_as_if_each_were_alone(client: Client) -> None:
    items = [
        golden.body("7"),
        {"image": data_url(png_of("3"))},
        BLANK,
        golden.body("house"),
        {**GOOD, "strokes": [[[100, 100]]]},
        golden.body("2"),
    ]
    together, alone = batch(client, items), [answer(post(client, PREDICT, one)) for one in items]

    assert [one["text"] for one in together] == ["7", "3", "", "", "", "2"]
    codes = [one["rejected"] and one["rejected"]["code"] for one in together]
    assert codes == [None, None, "blank", "not_a_digit", "too_small", None]
    for one, other in zip(together, alone, strict=True):
        for symbol, same in zip(one["symbols"], other["symbols"], strict=True):
            # A batch adds up in another order.
            assert symbol.pop("probabilities") == pytest.approx(same.pop("probabilities"), abs=2e-6)
            assert symbol.pop("confidence") == pytest.approx(same.pop("confidence"), abs=2e-6)
        assert one.pop("confidence") == pytest.approx(other.pop("confidence"), abs=2e-6)
        assert one == other
    assert not Drawing.objects.exists()


def test_a_batch_is_one_inference(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    classify_batch = Classifier.classify_batch

    def counting(self: Classifier, bitmaps: Any) -> Any:
        sizes.append(len(bitmaps))
        return classify_batch(self, bitmaps)

    post(client, PREDICT, GOOD)  # loads the model, which is tried first
    monkeypatch.setattr(Classifier, "classify_batch", counting)
    assert [one["text"] for one in batch(client, [*map(golden.body, DIGITS), BLANK])] == [
        *DIGITS,
        "",
    ]
    assert sizes == [10]


def test_a_batch_without_ink_is_read_too(client: Client) -> None:
    assert [one["rejected"]["code"] for one in batch(client, [BLANK, BLANK])] == ["blank"] * 2


def test_as_many_as_are_allowed_are_read_and_readings_alone_go_on(client: Client) -> None:
    read = batch(client, [golden.body(digit) for digit in (DIGITS * 26)[:256]])
    assert [one["text"] for one in read] == list((DIGITS * 26)[:256])
    assert answer(post(client, PREDICT, GOOD))["text"] == "7"


def test_whatever_is_wrong_is_named_by_index_and_nothing_is_read(client: Client) -> None:
    wrong = batch(client, [GOOD, {**GOOD, "strokes": []}, GOOD, {"image": 5}, [1], {}], 400)
    assert list(wrong) == ["1", "3", "4", "5"]
    assert wrong["1"] == {"strokes": ["There are no strokes to read."]}
    assert wrong["3"] == {"image": ["Expected a data URL or an uploaded file."]}
    assert "Expected a dictionary" in wrong["4"]["non_field_errors"][0]
    assert wrong["5"] == {"non_field_errors": ["Send either strokes or an image."]}


@pytest.mark.parametrize("items", [[], {}, None, "abc", [GOOD] * 257], ids=repr)
def test_what_is_no_list_of_1_to_256_drawings_is_refused(client: Client, items: Any) -> None:
    assert batch(client, items, 400) == ["Expected a list of 1 to 256 drawings."]


def test_a_batch_beside_a_drawing_or_within_a_batch_is_refused(client: Client) -> None:
    beside = post(client, PREDICT, {**GOOD, "items": [GOOD]})
    assert answer(beside, 400) == {"items": ["Send either items or one drawing."]}
    assert batch(client, [{"items": [GOOD]}], 400) == {
        "0": {"non_field_errors": ["Send either strokes or an image."]}
    }


def test_each_drawing_of_a_batch_counts_as_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    from recognizer.api.throttles import Throttle

    client = Client(REMOTE_ADDR="10.1.2.3")  # other tests' readings are not counted for it
    monkeypatch.setitem(Throttle.THROTTLE_RATES, "predict", "10/min")
    batch(client, [GOOD] * 8)
    refused = post(client, PREDICT, {"items": [GOOD] * 3})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    # The request itself was one; its further two were not counted.
    assert post(client, PREDICT, GOOD).status_code == 200
    assert post(client, PREDICT, GOOD).status_code == 429


def test_the_openapi_document_describes_batches(client: Client) -> None:
    document = answer(client.get("/api/v1/schema/", headers={"accept": "application/json"}))
    operation, schemas = document["paths"][PREDICT]["post"], document["components"]["schemas"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    choices = [one["$ref"].rpartition("/")[2] for one in schemas[body.rpartition("/")[2]]["oneOf"]]
    batches = next(schemas[name] for name in choices if "items" in schemas[name]["properties"])
    assert batches["properties"]["items"]["maxItems"] == 256
    refusal = operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"]
    assert "items" in schemas[refusal.rpartition("/")[2]]["properties"]


def test_a_batch_and_its_drawings_alone_score_alike(shipped_model: Any) -> None:
    from recognizer.registry import active_model

    classifier = active_model.current().classifier
    bitmaps = np.stack([classifier.predict(golden.ink(digit)).bitmap for digit in DIGITS])
    alone = np.stack([classifier.classify(one) for one in bitmaps])
    for size in (10, 3, 1, 10):
        np.testing.assert_allclose(
            classifier.classify_batch(bitmaps[:size]), alone[:size], atol=1e-5
        )


def test_a_request_that_is_cut_off_in_its_items_is_a_400(client: Client) -> None:
    assert answer(post(client, PREDICT, json.dumps({"items": [GOOD]})[:-2]), 400)
