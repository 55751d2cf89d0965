import numpy as np
import pytest

from devtools import golden
from ml import pretrained
from ml.contract import Bitmap, BlankError, Ink, Picture
from ml.data.dataset import load_bitmaps
from ml.drawing.preprocessing import centre_by_mass, ink_box, is_too_small, preprocess
from ml.drawing.strokes import PEN_WIDTH_PX


def extent(bitmap: Bitmap) -> int:
    rows, columns = np.nonzero(bitmap > 0.25)
    return int(max(np.ptp(rows), np.ptp(columns))) + 1


@pytest.mark.parametrize("digit", golden.STROKES)
def test_ink_fills_twenty_pixels_and_its_mass_is_in_the_middle(digit: str) -> None:
    bitmap = preprocess(golden.ink(digit))
    assert bitmap.shape == (28, 28)
    assert bitmap.dtype == np.float32
    assert 19 <= extent(bitmap) <= 21
    rows, columns = np.indices((28, 28))
    assert (bitmap * rows).sum() / bitmap.sum() == pytest.approx(13.5, abs=0.51)
    assert (bitmap * columns).sum() / bitmap.sum() == pytest.approx(13.5, abs=0.51)


def test_a_bitmap_survives_being_stored_as_bytes() -> None:
    bitmap = preprocess(golden.ink("3"))
    stored = np.round(bitmap * 255).astype(np.uint8)
    assert (stored / np.float32(255) == bitmap).all()


@pytest.mark.parametrize(("scale", "dx", "dy"), [(0.25, 0, 0), (0.25, 200, 0), (0.5, 5, 130)])
def test_size_and_place_on_the_canvas_do_not_matter(scale: float, dx: float, dy: float) -> None:
    np.testing.assert_allclose(
        preprocess(golden.ink("5", scale, dx, dy)), preprocess(golden.ink("5")), atol=0.04
    )


def test_the_pen_holds_as_much_ink_as_mnist_does() -> None:
    mnist = load_bitmaps(pretrained.MNIST_TEST)
    by_digit = [mnist.images[mnist.labels == d].mean() / 255 * 784 for d in golden.STROKES]
    drawn = [float(preprocess(golden.ink(d)).sum()) for d in golden.STROKES]
    assert sum(drawn) / sum(by_digit) == pytest.approx(1.0, abs=0.12)


def test_a_drawing_without_ink_is_refused() -> None:
    with pytest.raises(BlankError):
        preprocess(Ink((), 280, 280))
    with pytest.raises(BlankError):
        preprocess(Picture(np.zeros((100, 100), np.uint8)))
    with pytest.raises(BlankError):
        centre_by_mass(np.zeros((28, 28), np.float32))


def test_a_dot_stays_a_dot_and_is_too_small() -> None:
    dot = Ink((np.array([[50.0, 60.0, -1.0]]),), 280, 280)
    assert preprocess(dot).sum() < 10
    assert is_too_small(dot)
    assert not is_too_small(golden.ink("1", 0.25))


def test_a_picture_of_a_drawing_gives_about_the_bitmap_of_its_strokes() -> None:
    from PIL import Image, ImageDraw

    image = Image.new("L", (280, 280))
    for stroke in golden.STROKES["3"]:
        ImageDraw.Draw(image).line([tuple(point) for point in stroke], 255, 18, "curve")
    from_picture = preprocess(Picture(np.asarray(image)))
    difference = np.abs(from_picture - preprocess(golden.ink("3"))).mean()
    assert difference < 0.045


def test_centring_moves_ink_and_never_wraps_it() -> None:
    bitmap = np.zeros((28, 28), np.float32)
    bitmap[0, 0], bitmap[0, 27] = 1.0, 0.2
    centred = centre_by_mass(bitmap)
    assert centred[14, 9] == 1.0
    assert centred.sum() == pytest.approx(1.0)


def test_the_ink_box_is_in_canvas_pixels() -> None:
    assert ink_box(golden.ink("7")) == (85.0, 65.0, 105.0, 160.0)


def test_the_canonical_pen_is_what_serving_uses() -> None:
    ink = golden.ink("2")
    assert (preprocess(ink) == preprocess(ink, PEN_WIDTH_PX)).all()
    assert preprocess(ink, 4.0).sum() > preprocess(ink).sum()
