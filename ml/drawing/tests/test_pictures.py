import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ml.contract import InkError
from ml.drawing.pictures import decode_picture
from ml.drawing.preprocessing import preprocess
from ml.drawing.tests.pictures import TRUNCATED_JPEG, bomb, encoded, picture_of

ALIKE = 0.04  # two digits differ by over 0.1
SEEN = preprocess(decode_picture(encoded(picture_of("3"))))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(encoded(picture_of("3", ink=255, paper=0)), id="light on dark"),
        pytest.param(encoded(picture_of("3"), "JPEG", quality=90), id="jpeg"),
        pytest.param(encoded(picture_of("3", ink=60, paper=190)), id="grey on grey"),
        pytest.param(
            encoded(picture_of("3", ink=(0, 0, 0, 255), paper=(0, 0, 0, 0), mode="RGBA")),
            id="black on transparent",
        ),
        pytest.param(
            encoded(picture_of("3", ink=(255, 255, 255, 255), paper=(0, 0, 0, 0), mode="RGBA")),
            id="white on transparent",
        ),
        pytest.param(
            encoded(picture_of("3", ink=(20, 20, 160), paper=(250, 250, 240), mode="RGB")),
            id="blue",
        ),
        pytest.param(encoded(picture_of("3").convert("1")), id="one bit"),
        pytest.param(encoded(picture_of("3").convert("P")), id="palette"),
        pytest.param(encoded(picture_of("3").resize((1500, 1500))), id="large"),
    ],
)
def test_every_kind_of_picture_gives_the_same_digit(content: bytes) -> None:
    assert np.abs(preprocess(decode_picture(content)) - SEEN).mean() < ALIKE


def test_two_digits_do_not_look_alike() -> None:
    other = preprocess(decode_picture(encoded(picture_of("7"))))
    assert np.abs(other - SEEN).mean() > 2 * ALIKE


def test_a_picture_turned_by_its_exif_is_turned_back() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate 90 degrees clockwise to see it upright"
    turned = picture_of("3").transpose(Image.Transpose.ROTATE_90)
    content = encoded(turned, "JPEG", exif=exif, quality=95)
    assert np.abs(preprocess(decode_picture(content)) - SEEN).mean() < ALIKE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a PNG or JPEG"),
        (b"GIF89a" + bytes(100), "not a PNG or JPEG"),
        (encoded(Image.new("L", (50, 50)), "GIF"), "not a PNG or JPEG"),
        (encoded(Image.new("L", (1, 1))), "1 x 1 pixels; at least"),
        (bomb(), "more than 20,000,000 pixels"),
        (TRUNCATED_JPEG, "damaged"),
        (encoded(picture_of("3"))[:300], "damaged"),
    ],
    ids=["empty", "gif header", "gif", "1x1", "bomb", "truncated jpeg", "truncated png"],
)
def test_a_bad_picture_is_refused_with_the_reason(content: bytes, words: str) -> None:
    with pytest.raises(InkError) as refused:
        decode_picture(content)
    assert words in str(refused.value)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_broken_bytes_are_refused_or_read_but_never_crash(noise: bytes, at: int) -> None:
    whole = encoded(picture_of("7").resize((40, 40)))
    broken = whole[:at] + noise + whole[at + len(noise) :]
    try:
        picture = decode_picture(broken)
    except InkError:
        return
    assert picture.pixels.ndim == 2
