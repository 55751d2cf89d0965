"""A photograph of a digit is chosen, dropped or pasted, and read like a drawing."""

import base64

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from devtools.hands import answer, draw_with_mouse, expect_noted, expect_reading
from ml.drawing.tests.photographs import Scene, photograph, taken
from ml.drawing.tests.pictures import encoded
from recognizer.models import Drawing, Label
from recognizer.tests.browser.test_accessibility import complaints

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

SCENE = Scene(gradient=0.6, shadow=0.4)

HAND_OVER = """([kind, type, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "file", { type }));
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
    const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
    const event = new Kind(kind, options);
    document.getElementById("canvas").dispatchEvent(event);
    return event.defaultPrevented;
}"""


def hand_over(page: Page, kind: str, content: bytes, mime_type: str = "image/jpeg") -> None:
    """A file dragged or pasted, as the browser tells it."""
    body = base64.b64encode(content).decode()
    assert page.evaluate(HAND_OVER, [kind, mime_type, body])


def choose(page: Page, content: bytes, mime_type: str = "image/jpeg") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Photo").click()
    chooser.value.set_files({"name": "photo", "mimeType": mime_type, "buffer": content})


def expect_read(page: Page, digit: str) -> None:
    expect(page.locator("#answer-text")).to_have_text(digit)
    expect_reading(page)
    expect(page.locator("#version")).to_have_text("Read by version 1 on the server")


def test_a_photo_is_chosen_read_saved_corrected_and_cleared(draw_page):
    draw_page.set_viewport_size({"width": 360, "height": 740})
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = photograph("7", SCENE).transpose(Image.Transpose.ROTATE_90).resize((2400, 2400))
    choose(draw_page, encoded(sideways, "JPEG", exif=exif))
    expect_read(draw_page, "7")
    expect(draw_page.locator("#picture")).to_be_visible()
    assert draw_page.locator("#picture").evaluate("(image) => image.naturalWidth") == 1600
    assert complaints(draw_page) == []
    assert draw_page.evaluate("document.documentElement.scrollWidth") <= 360
    draw_page.locator("#save").click()
    draw_page.locator("#correct-no").click()
    draw_page.locator("#correct-1").click()
    expect_noted(draw_page, "a 1")
    assert Drawing.objects.get().source == Drawing.Source.IMAGE
    assert Label.objects.get().value == "1"
    draw_page.locator("#clear").click()
    expect(draw_page.locator("#picture")).to_be_hidden()
    draw_with_mouse(draw_page)
    expect(draw_page.locator("#answer-text")).to_have_text("7")


def test_a_photo_is_dropped_or_pasted_over_a_drawing_which_undo_brings_back(draw_page):
    draw_with_mouse(draw_page)
    hand_over(draw_page, "dragenter", taken("3", SCENE))
    expect(draw_page.get_by_text("Drop the picture to read it")).to_be_visible()
    hand_over(draw_page, "drop", taken("3", SCENE))
    expect(draw_page.get_by_text("Drop the picture to read it")).to_be_hidden()
    expect_read(draw_page, "3")
    hand_over(draw_page, "paste", encoded(photograph("5", SCENE)), "image/png")
    expect_read(draw_page, "5")
    draw_page.keyboard.press("Control+z")
    draw_page.keyboard.press("Control+z")
    expect(draw_page.locator("#picture")).to_be_hidden()
    expect(draw_page.locator("#answer-text")).to_have_text("7")
    draw_page.keyboard.press("Control+Shift+z")
    expect_read(draw_page, "3")
    draw_with_mouse(draw_page)
    expect(draw_page.locator("#picture")).to_be_hidden()
    expect(draw_page.locator("#answer-text")).to_have_text("7")


def test_what_cannot_be_read_is_refused_with_the_reason(draw_page, cut_off):
    toasts = draw_page.locator("#toasts")
    choose(draw_page, b"Dear diary", "text/plain")
    expect(toasts).to_contain_text("That is not a picture.")
    choose(draw_page, b"\x89PNG broken", "image/png")
    expect(toasts).to_contain_text("cannot open that picture")
    expect(draw_page.locator("#picture")).to_be_hidden()
    choose(draw_page, taken(None, SCENE))
    expect(answer(draw_page)).to_contain_text("too faint to tell from the paper")
    cut_off("**/predict/")
    choose(draw_page, taken("3", SCENE))
    expect(toasts).to_contain_text("The server cannot be reached.")
    expect(answer(draw_page)).to_contain_text("Not read yet")
