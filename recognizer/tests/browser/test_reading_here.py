"""Reading in the browser: the page's worker against the server, in a real Chromium."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from devtools import golden
from devtools.browser_person import Person
from recognizer.registry import promotion
from recognizer.tests.candidates import takes_sevens_for_ones

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

READ_BOTH_WAYS = """async (bodies) => {
  const { activeUrl, workerUrl, rejections } = document.getElementById("draw-page").dataset;
  const { LocalReader } = await import("/static/recognizer/js/recogniser/client.js");
  const { request } = await import("/static/recognizer/js/api.js");
  const reader = new LocalReader({
    makeWorker: () => new Worker(workerUrl, { type: "module" }),
    fetchActive: () => request(activeUrl),
    messages: JSON.parse(rejections),
  });
  await reader.update();
  const both = [];
  for (const body of bodies) {
    const here = await reader.read(body);
    both.push([here, await request("/api/v1/predict/", { method: "POST", body })]);
  }
  return both;
}"""


@pytest.fixture
def artist(page: Page, live_server: Any) -> Iterator[Person]:
    """Somebody on the drawing page, which must not complain to the console."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    person = Person(page, live_server.url)
    page.clock.install()
    person.go("/")
    expect(page.locator("#draw-page")).to_have_attribute("data-reads-here", "1")
    yield person
    assert complaints == []


def pixels(data_url: str) -> Any:
    image = Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2])))
    return np.asarray(image)


def test_the_page_gives_the_answer_that_the_server_gives(artist: Person) -> None:
    names = [*golden.STROKES, *golden.NO_DIGITS]
    bodies = [golden.body(name) for name in names]
    bodies += [golden.body(name, 0.31, 90, 17.77) for name in names]
    bodies += [{"strokes": [[[140, 140, 0], [142, 141, 9]]], "width": 280, "height": 280}]
    both = artist.page.evaluate(READ_BOTH_WAYS, bodies)
    codes = set()
    for here, there in both:
        [seen_here], [seen_there] = here.pop("symbols"), there.pop("symbols")
        confidence = here.pop("confidence"), there.pop("confidence")
        assert confidence[0] == pytest.approx(confidence[1], abs=1e-4)
        assert here == there
        assert seen_here["probabilities"] == pytest.approx(seen_there["probabilities"], abs=1e-4)
        assert seen_here["box"] == pytest.approx(seen_there["box"])
        assert np.array_equal(pixels(seen_here["input"]), pixels(seen_there["input"]))
        codes.add(here["rejected"] and here["rejected"]["code"])
    assert codes == {None, "too_small", "not_a_digit"}


def test_the_bars_move_while_a_stroke_is_drawn_and_the_server_is_not_asked(artist: Person) -> None:
    page = artist.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    box = page.locator("#canvas").bounding_box()
    assert box
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"])
               for x, y in ((0.28, 0.2), (0.72, 0.2), (0.42, 0.85))]  # fmt: skip
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=12)
    expect(page.locator("#answer-text")).to_have_text("7")
    expect(page.locator("#answer")).to_have_attribute("aria-live", "off")
    page.mouse.up()
    expect(page.locator("#answer")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#version")).to_have_text("Read here by version 1")
    assert [url for url in asked if "predict" in url] == []


def test_predict_and_save_are_the_servers(artist: Person) -> None:
    artist.draw("3")
    expect(artist.page.locator("#version")).to_have_text("Read here by version 1")
    artist.page.locator("#predict").click()
    expect(artist.page.locator("#version")).to_have_text("Read by version 1 on the server")
    artist.draw("1")
    expect(artist.page.locator("#version")).to_have_text("Read here by version 1")
    artist.save()
    expect(artist.page.locator("#version")).to_have_text("Read by version 1 on the server")


def test_the_open_page_takes_up_a_promoted_version_by_itself(artist: Person) -> None:
    artist.draw("7")
    artist.expect_reading("7", version=1)
    candidate = takes_sevens_for_ones()
    promotion.promote(candidate, by=None, override=True, reason="for this test")
    artist.page.clock.fast_forward(61_000)
    artist.expect_reading("1", version=candidate.number)
    expect(artist.page.locator("#version")).to_contain_text("here")


@pytest.mark.parametrize("missing", ["**/recogniser/worker.js", "**/models/active/"])
def test_where_the_page_cannot_read_the_server_does(
    page: Page, live_server: Any, missing: str
) -> None:
    page.route(missing, lambda route: route.abort())
    person = Person(page, live_server.url)
    person.go("/")
    person.draw("7")
    person.expect_reading("7", version=1)
    expect(page.locator("#version")).to_have_text("Read by version 1 on the server")
