from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from ml import pretrained
from ml.contract import BlankError, Picture
from ml.drawing.parts import connected_parts
from ml.drawing.photographs import is_photograph
from ml.drawing.pictures import broaden, decode_picture
from ml.drawing.preprocessing import is_too_small, preprocess
from ml.drawing.tests.photographs import Scene, photograph, taken
from ml.drawing.tests.pictures import encoded, picture_of
from ml.drawing.windows import in_disc, in_square
from ml.reading.inference import Classifier, load_trained

LIGHT = Scene(gradient=0.7)
SHADOW = Scene(shadow=0.5)

SCENES = {
    "light from one side": LIGHT,
    "the shadow of a hand": SHADOW,
    "both, and noise": Scene(gradient=0.5, shadow=0.4, noise=0.03),
    "little light": Scene(paper=0.3, ink=(0.05, 0.05, 0.06), noise=0.02, gradient=0.3),
    "a hairline": replace(LIGHT, pen=0.006),
    "a broad pen": replace(SHADOW, pen=0.11),
    "blue ink": replace(SHADOW, ink=(0.14, 0.2, 0.55)),
    "red ink": replace(SHADOW, ink=(0.72, 0.14, 0.16)),
    "pencil": replace(LIGHT, ink=(0.45, 0.45, 0.46)),
    "lined paper": replace(LIGHT, lines=0.12),
    "squared paper": replace(LIGHT, lines=0.12, squares=True),
    "a blackboard": replace(LIGHT, paper=0.12, ink=(0.8, 0.8, 0.78), noise=0.01),
    "at the edge": replace(SHADOW, place=(0.33, 0.1)),
    "small": replace(SHADOW, size=0.2, pen=0.012, place=(0.6, 0.2)),
    "the edge of the desk": replace(LIGHT, desk=0.08),
    "crumbs": replace(LIGHT, crumbs=6),
}


@cache
def shipped() -> Classifier:
    return load_trained(pretrained.ARTIFACT)


def read(picture: Picture) -> str:
    scores = shipped().classify(preprocess(picture))
    return shipped().classes[int(shipped().decide(scores))]


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("digit", "2357")
def test_a_digit_is_read_in_a_photograph_with(digit: str, scene: Scene) -> None:
    picture = decode_picture(taken(digit, scene))
    assert read(picture) == digit
    assert not is_too_small(picture)


@pytest.mark.parametrize(
    "scene",
    [LIGHT, SHADOW, SCENES["both, and noise"], SCENES["lined paper"], SCENES["little light"],
     SCENES["squared paper"], SCENES["the edge of the desk"], SCENES["a blackboard"]],
)  # fmt: skip
def test_an_empty_sheet_has_no_ink_however_it_is_lit(scene: Scene) -> None:
    picture = decode_picture(taken(None, scene))
    assert picture.too_faint
    with pytest.raises(BlankError):
        preprocess(picture)


@pytest.mark.parametrize(("orientation", "back"), [
    (2, Image.Transpose.FLIP_LEFT_RIGHT), (3, Image.Transpose.ROTATE_180),
    (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270),
])  # fmt: skip
def test_a_photograph_is_read_upright_however_the_phone_was_held(
    orientation: int, back: Image.Transpose
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = photograph("7", LIGHT).transpose(back)
    assert read(decode_picture(encoded(stored, "JPEG", exif=exif))) == "7"


def test_a_small_digit_in_a_large_photograph_is_looked_at_closely() -> None:
    scene = replace(SHADOW, size=0.12, pen=0.007, place=(0.7, 0.2))
    large = photograph("5", scene).resize((2400, 2400), Image.Resampling.BICUBIC)
    picture = decode_picture(encoded(large, "JPEG", quality=80))
    assert read(picture) == "5"
    assert np.ptp(np.flatnonzero(picture.pixels.any(axis=1))) > 70  # of 280, instead of 30


@pytest.mark.parametrize(
    "image",
    [picture_of("3"), picture_of("3", ink=60, paper=190), picture_of("8", ink=255, paper=0),
     picture_of("8").resize((28, 28), Image.Resampling.LANCZOS)],
)  # fmt: skip
def test_what_was_drawn_on_a_screen_is_no_photograph(image: Image.Image) -> None:
    assert not is_photograph(np.asarray(image))


def test_a_hairline_is_broadened_and_a_pen_is_left_as_it_is() -> None:
    hairline, pen = np.zeros((2, 200, 200), np.uint8)
    hairline[20:180, 99:101] = 255
    pen[20:180, 88:112] = 255
    assert (broaden(pen) == pen).all()
    columns = broaden(hairline).any(axis=0).sum()
    assert 12 <= columns <= 20  # a twentieth of the line's length is 8
    assert (broaden(broaden(hairline)) == broaden(hairline)).all()


masks = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks)
def test_parts_are_what_a_flood_would_fill(mask: np.ndarray) -> None:
    parts = connected_parts(mask)
    flooded = flood(mask)
    assert len(parts.areas) == len(flooded)
    for part in range(len(flooded)):
        rows, columns = np.nonzero(parts.labels == part)
        assert frozenset(zip(rows.tolist(), columns.tolist(), strict=True)) in flooded
        assert parts.areas[part] == len(rows)
        assert (parts.top[part], parts.bottom[part]) == (rows.min(), rows.max() + 1)
        assert (parts.left[part], parts.right[part]) == (columns.min(), columns.max() + 1)
        at_edge = np.isin(rows, (0, len(mask) - 1)) | np.isin(columns, (0, mask.shape[1] - 1))
        assert parts.contact[part] == at_edge.sum()


def flood(mask: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    left = set(zip(*(places.tolist() for places in np.nonzero(mask)), strict=True))
    found = set()
    while left:
        wave = {left.pop()}
        part = set(wave)
        while wave:
            wave = {(y, x) for y, x in left for a, b in wave if abs(y - a) < 2 and abs(x - b) < 2}
            left -= wave
            part |= wave
        found.add(frozenset(part))
    return found


@given(arrays(np.uint8, (7, 9)), st.sampled_from([1, 3, 5, 7]))
def test_the_least_and_greatest_in_a_window_are_found(grey: np.ndarray, side: int) -> None:
    around = np.pad(grey, side // 2, "edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (side, side))
    assert (in_square(grey, side, np.maximum) == windows.max(axis=(2, 3))).all()
    assert (in_square(grey, side, np.minimum) == windows.min(axis=(2, 3))).all()


def test_a_dot_becomes_a_disc() -> None:
    dot = np.zeros((11, 11), np.uint8)
    dot[5, 5] = 200
    y, x = np.mgrid[-5:6, -5:6]
    assert (in_disc(dot, 3.2) == 200 * (x * x + y * y <= 3.2**2)).all()
