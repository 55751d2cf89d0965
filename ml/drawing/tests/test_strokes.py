import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.contract import InkError
from ml.drawing.strokes import MAX_POINTS, pack_ink, parse_strokes, rasterise, unpack_ink

LINE = [[10, 10], [200, 200]]


def test_strokes_come_back_in_order_with_unknown_times() -> None:
    ink = parse_strokes([LINE, [[5, 6, 70]]], 280, 280)
    assert [stroke.tolist() for stroke in ink.strokes] == [
        [[10, 10, -1], [200, 200, -1]],
        [[5, 6, 70]],
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("abc", "Expected `array`, got `str`"),
        ([[1, 2]], "Expected `array`, got `int` (at strokes[0][0])"),
        ([[["1", "2"]]], "Expected `float`, got `str` (at strokes[0][0][0])"),
        ([[[True, 2]]], "Expected `float`, got `bool`"),
        ([[[1, None]]], "got `null`"),
        ([[[1]]], "Stroke 0: a point is [x, y] or [x, y, t]."),
        ([[[1, 2, 3, 4]]], "Stroke 0: a point is [x, y] or [x, y, t]."),
        ([[[math.nan, 2]]], "Stroke 0: a coordinate is not a finite number."),
        ([[[1, math.inf]]], "Stroke 0: a coordinate is not a finite number."),
        ([LINE, [[281, 5]]], "Stroke 1: a point lies off the 280 x 280 canvas."),
        ([[[-0.5, 5]]], "Stroke 0: a point lies off the 280 x 280 canvas."),
        ([[[1, 2, -5]]], "Stroke 0: a time lies outside"),
        ([[[1, 2, 1e300]]], "Stroke 0: a time lies outside"),
        ([[[1, 2]] * (MAX_POINTS + 1)], f"{MAX_POINTS + 1} points; at most {MAX_POINTS} are read."),
        ([[[1, 2]]] * 501, "501 strokes; at most 500 are read."),
    ],
)
def test_bad_strokes_are_refused_with_the_reason(raw: object, words: str) -> None:
    with pytest.raises(InkError) as refused:
        parse_strokes(raw, 280, 280)
    assert words in str(refused.value)


@pytest.mark.parametrize("side", [0, -1, 10_001])
def test_a_canvas_of_no_sensible_size_is_refused(side: int) -> None:
    with pytest.raises(InkError):
        parse_strokes([LINE], side, 280)


points = st.tuples(
    st.floats(0, 280), st.floats(0, 280), st.one_of(st.just(-1.0), st.floats(0, 1e6))
).map(list)


@given(st.lists(st.lists(points, max_size=20), max_size=6))
def test_packing_loses_nothing(raw: list[list[list[float]]]) -> None:
    ink = parse_strokes(raw, 280, 280)
    again = unpack_ink(pack_ink(ink))
    assert (again.width, again.height) == (280, 280)
    assert len(again.strokes) == len(ink.strokes)
    for stroke, stored in zip(ink.strokes, again.strokes, strict=True):
        np.testing.assert_allclose(stored, stroke, rtol=0, atol=1e-9)


def test_a_packed_drawing_is_smaller_than_a_fifth_of_its_json() -> None:
    turn = np.linspace(0, 6, 150)
    raw = [
        [
            [round(140 + 90 * math.cos(t), 2), round(140 + 90 * math.sin(t), 2), round(t * 300)]
            for t in turn
        ]
    ]
    packed = pack_ink(parse_strokes(raw, 280, 280))
    assert len(packed) < len(json.dumps(raw)) / 5


def test_a_line_is_as_wide_as_the_pen_and_blends_at_its_edge() -> None:
    stroke = np.array([[4.0, 14.0], [24.0, 14.0]])
    bitmap = rasterise((stroke,), 3.0)
    assert bitmap[:, 14].sum() == pytest.approx(3.0, abs=0.05)
    assert bitmap[12:16, 14].tolist() == pytest.approx([0.5, 1.0, 1.0, 0.5], abs=0.01)
    assert bitmap[0:11].sum() == 0


def test_a_dot_is_a_disc() -> None:
    bitmap = rasterise((np.array([[14.0, 14.0]]),), 4.0)
    assert bitmap.sum() == pytest.approx(math.pi * 4, rel=0.05)
    assert (bitmap == bitmap.T).all()


def test_ink_past_the_edge_is_cut_and_never_wraps() -> None:
    bitmap = rasterise((np.array([[-5.0, 1.0], [40.0, 1.0]]),), 2.0)
    assert bitmap[5:].sum() == 0
    assert bitmap[0:2].min() > 0


def test_the_order_of_points_does_not_change_the_picture() -> None:
    stroke = np.array([[5.0, 5.0], [20.0, 12.0], [8.0, 22.0]])
    np.testing.assert_allclose(
        rasterise((stroke,), 2.6), rasterise((stroke[::-1],), 2.6), atol=1e-6
    )
