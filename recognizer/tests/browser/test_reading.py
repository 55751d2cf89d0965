"""What was drawn is read by a real server with the shipped model."""

import pytest
from playwright.sync_api import expect

from devtools.hands import (
    SPECK,
    answer,
    draw_with_mouse,
    expect_reading,
    ink,
    wait_until_it_reads_here,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_model"),
]


def test_predict_reads_the_drawing_again(draw_page):
    # The page reads by itself once it has its own network, and asks the server no longer.
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page)
    expect_reading(draw_page)
    with draw_page.expect_response("**/api/v1/predict/") as response:
        draw_page.locator("#predict").click()
    assert response.value.status == 200


def test_a_speck_is_called_too_small_instead_of_read(draw_page):
    draw_with_mouse(draw_page, SPECK)
    expect(answer(draw_page)).to_contain_text("too small")
    expect(answer(draw_page)).not_to_contain_text("sure")


@pytest.mark.parametrize(
    ("status", "response", "message"),
    [
        (503, {"json": {"detail": "No model can answer now."}}, "No model can answer now."),
        (503, {"body": "<h1>Bad gateway</h1>"}, "not available just now"),
        (429, {"headers": {"Retry-After": "7"}}, "Try again in 7 seconds"),
        (413, {"body": ""}, "too large"),
        (400, {"json": {"strokes": ["20001 points."]}}, "20001 points."),
    ],
)
def test_an_error_of_the_server_is_told_and_the_drawing_stays(
    draw_page, answer_with, status, response, message
):
    answer_with("**/api/v1/predict/", status, **response)
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page)
    draw_page.locator("#predict").click()
    expect(draw_page.locator("#toasts")).to_contain_text(message)
    expect(answer(draw_page)).to_contain_text("Not read yet")
    assert ink(draw_page) > 0


def test_a_network_that_is_down_is_told_and_predict_works_once_it_is_back(draw_page, cut_off):
    cut_off("**/api/v1/predict/")
    wait_until_it_reads_here(draw_page)
    draw_with_mouse(draw_page)
    draw_page.locator("#predict").click()
    expect(draw_page.locator("#toasts")).to_contain_text("cannot be reached")
    draw_page.unroute_all()
    draw_page.locator("#predict").click()
    expect_reading(draw_page)
