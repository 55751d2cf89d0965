"""Draw on the drawing page with mouse, finger or pen, and check what it shows."""

import re
import time
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

Point = tuple[float, float]

ONE: list[Point] = [(0.5, 0.15), (0.5, 0.4), (0.5, 0.65), (0.5, 0.85)]
SEVEN: list[Point] = [(0.28, 0.2), (0.72, 0.2), (0.55, 0.5), (0.42, 0.85)]
DASH: list[Point] = [(0.3, 0.5), (0.7, 0.5)]
SPECK: list[Point] = [(0.5, 0.5), (0.505, 0.502)]

A_READING = re.compile(r"\d+\.\d % sure")


def on_screen(page: Page, points: list[Point]) -> list[Point]:
    """Convert points of the unit square to page coordinates on the canvas."""
    page.locator("#canvas").scroll_into_view_if_needed()
    box = page.locator("#canvas").bounding_box()
    assert box
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw_with_mouse(page: Page, points: list[Point] = SEVEN) -> None:
    first, *rest = on_screen(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def touch(devtools: CDPSession, kind: str, *where: Point, radius: int = 12) -> None:
    """Send one touch event with a finger, or a palm of that radius, at each place."""
    fingers = [
        {"x": x, "y": y, "force": 0.5, "id": index, "radiusX": radius, "radiusY": radius}
        for index, (x, y) in enumerate(where)
    ]
    devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def draw_with_finger(
    page: Page, devtools: CDPSession, points: list[Point], radius: int = 12
) -> None:
    first, *rest = on_screen(page, points)
    touch(devtools, "touchStart", first, radius=radius)
    for point in rest:
        touch(devtools, "touchMove", point, radius=radius)
    touch(devtools, "touchEnd")


PEN_TIP = {"button": "left", "buttons": 1}


def move_pen(devtools: CDPSession, kind: str, where: Point, **more: Any) -> None:
    event = {
        "type": kind,
        "x": where[0],
        "y": where[1],
        "clickCount": 1,
        "pointerType": "pen",
        "force": 0.7,
    }
    devtools.send("Input.dispatchMouseEvent", {**event, **PEN_TIP, **more})


def draw_with_pen(
    page: Page, devtools: CDPSession, points: list[Point], force: float = 0.7
) -> None:
    first, *rest = on_screen(page, points)
    move_pen(devtools, "mousePressed", first, force=force)
    for point in rest:
        move_pen(devtools, "mouseMoved", point, force=force)
    move_pen(devtools, "mouseReleased", rest[-1], buttons=0, force=force)


def ink(page: Page) -> int:
    """Count the painted pixels of the canvas after the next frame."""
    return page.evaluate(
        """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.getElementById("canvas");
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            resolve(data.filter((value, index) => index % 4 === 3 && value > 0).length);
        })))"""
    )


def answer(page: Page) -> Locator:
    return page.locator("#answer")


def expect_noted(page: Page, label: str) -> None:
    """Expect the page to say that the server has stored the correction."""
    expect(page.locator("#correct-thanks")).to_be_visible()
    expect(page.locator("#correct-given")).to_have_text(label)


def wait_until_it_reads_here(page: Page) -> None:
    """Wait until the page has loaded its network; then only Predict and Save ask the server."""
    expect(page.locator("#draw-page")).to_have_attribute("data-reads-here", "1")


def wait_until(page: Page, question: str, seconds: float = 20) -> None:
    """Wait until an async JavaScript expression gives true.

    `page.wait_for_function` would treat the promise itself as true.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(question):
        assert time.monotonic() < deadline, f"Still not so: {question}"
        page.wait_for_timeout(50)


def expect_reading(page: Page) -> None:
    expect(answer(page)).to_contain_text(A_READING)
