"""Ink follows the hand: what is drawn is painted in the same frame, however much is there."""

import statistics

import pytest
from playwright.sync_api import Page, expect

from devtools.hands import DASH, Point, draw_with_mouse, ink, on_screen

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]

FRAME_MS = 16
ATTEMPTS = 3  # something else on the machine may hold one up, but not all

SCRIBBLE: list[Point] = [(0.1 + 0.8 * (index % 2), 0.1 + 0.8 * index / 60) for index in range(60)]

# The page's own handler asks for its frame before this one does, so it has painted by then.
MEASURE = """() => {
    window.latencies = [];
    window.longTasks = [];
    canvas.addEventListener("pointermove", (event) => requestAnimationFrame(() => {
        latencies.push(performance.now() - event.timeStamp);
    }));
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: "longtask" });
}"""

# Many strokes and one very long one, as if a hand had drawn them.
FILL = """() => {
    const { left, top, width } = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};
    const send = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {
        pointerId: 7, pointerType: "mouse", button: 0, buttons: 1, bubbles: true, pressure: 0.5,
        clientX: left + x * width, clientY: top + y * width,
    }));
    const draw = (points) => {
        send("pointerdown", ...points[0]);
        points.forEach((point) => send("pointermove", ...point));
        send("pointerup", ...points.at(-1));
    };
    const wave = (row, length) => Array.from({ length }, (_, i) =>
        [0.05 + 0.9 * i / length, row + 0.03 * Math.sin(i / 5)]);
    for (let row = 0; row < 200; row += 1) {
        draw(wave(0.05 + 0.9 * row / 200, 40));
    }
}"""


def test_ink_is_painted_within_a_frame_and_no_task_is_long_while_drawing(draw_page):
    draw_page.evaluate(FILL)
    assert ink(draw_page) > 0
    draw_page.wait_for_timeout(500)  # what the 200 strokes have set off is over
    draw_page.evaluate(MEASURE)
    for _ in range(ATTEMPTS):
        latency_ms, long_tasks = draw_and_measure(draw_page)
        print(f"pointer event to painted: {latency_ms:.1f} ms, long tasks: {long_tasks}")
        if latency_ms < FRAME_MS and not long_tasks:
            break
    else:
        pytest.fail("Painting was slow each time.")


def draw_and_measure(page: Page) -> tuple[float, list[float]]:
    """The median from pointer event to painted, and the tasks over 50 ms, in ms."""
    page.evaluate("latencies.length = longTasks.length = 0")
    draw_with_mouse(page, SCRIBBLE)
    latencies = page.evaluate("latencies")
    assert len(latencies) > 200
    return statistics.median(latencies), page.evaluate("longTasks")


def test_a_long_stroke_costs_no_more_to_paint_than_a_short_one(draw_page):
    """Counted in corners handed to the canvas, which no other load on the machine can change."""
    draw_page.evaluate("""() => {
        window.corners = [];
        const add = Path2D.prototype.quadraticCurveTo;
        let count = 0;
        Path2D.prototype.quadraticCurveTo = function (...where) {
            count += 1;
            add.apply(this, where);
        };
        canvas.addEventListener("pointermove", () => requestAnimationFrame(() => {
            corners.push(count);
            count = 0;
        }));
    }""")
    draw_with_mouse(draw_page, SCRIBBLE)
    corners = draw_page.evaluate("corners.filter(Boolean)")
    assert max(corners[-50:]) < 2 * max(corners[20:70])


def test_predicted_points_are_painted_but_never_stored(draw_page):
    start, middle, _, predicted = on_screen(draw_page, [*DASH, (0.5, 0.5), (0.9, 0.9)])
    draw_page.mouse.move(*start)
    draw_page.mouse.down()
    draw_page.mouse.move(*middle)
    plain = ink(draw_page)
    draw_page.evaluate(
        """([x, y]) => {
            PointerEvent.prototype.getPredictedEvents = () =>
                [new PointerEvent("pointermove", { clientX: x, clientY: y, pressure: 0.5 })];
        }""",
        list(predicted),
    )
    draw_page.mouse.move(middle[0] + 1, middle[1])
    assert ink(draw_page) > 1.5 * plain
    draw_page.mouse.up()
    assert ink(draw_page) == pytest.approx(plain, rel=0.1)
    with draw_page.expect_request("**/api/v1/predict/") as request:
        draw_page.locator("#predict").click()
    [stroke] = request.value.post_data_json["strokes"]
    assert max(y for _, y, _ in stroke) < 0.6 * 280
    expect(draw_page.locator("#undo")).to_be_enabled()
