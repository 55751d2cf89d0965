"""What the database keeps of bitmaps and scores comes back exactly, in few bytes."""

import json

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from ml.contract import DIGITS
from recognizer.models import Drawing, Prediction
from recognizer.models.packed import (
    BITMAP_BYTES,
    pack_bitmap,
    pack_symbols,
    unpack_bitmap,
    unpack_symbols,
)
from recognizer.sample_data.invented import make
from recognizer.tests.factories import make_drawing

noise = st.binary(min_size=BITMAP_BYTES, max_size=BITMAP_BYTES)
runs = st.lists(
    st.tuples(st.integers(0, 255), st.integers(1, BITMAP_BYTES)), min_size=1, max_size=30
).map(lambda parts: b"".join(bytes([value]) * length for value, length in parts))


@given(st.one_of(noise, runs.map(lambda raw: raw.ljust(BITMAP_BYTES, b"\0")[:BITMAP_BYTES])))
@example(bytes([1]) + bytes(BITMAP_BYTES - 1))
def test_every_bitmap_comes_back_as_it_was(bitmap):
    packed = pack_bitmap(bitmap)
    assert unpack_bitmap(packed) == bitmap
    assert len(packed) <= BITMAP_BYTES


@given(st.binary(max_size=3))
def test_bytes_that_are_no_bitmap_come_back_too(content):
    stored = pack_bitmap(content)
    assert stored == content


millionths = st.integers(0, 1_000_000).map(lambda number: number / 1_000_000)
hundredths = st.integers(0, 1_000_000).map(lambda number: number / 100)


def symbol(scores, box):
    best = max(scores)
    return {
        "label": DIGITS[scores.index(best)],
        "confidence": best,
        "probabilities": dict(zip(DIGITS, scores, strict=True)),
        "box": box,
    }


as_recognised = st.builds(
    symbol,
    st.lists(millionths, min_size=10, max_size=10),
    st.lists(hundredths, min_size=4, max_size=4),
)
anything = st.fixed_dictionaries(
    {
        "label": st.text(max_size=3),
        "confidence": st.floats(0, 1),
        "probabilities": st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=12),
        "box": st.lists(st.floats(-10, 1e12), max_size=5),
    }
)


@given(st.one_of(st.lists(as_recognised, max_size=2), st.lists(anything, max_size=2)))
def test_every_list_of_symbols_comes_back_as_it_was(symbols):
    back = unpack_symbols(pack_symbols(symbols))
    assert back == symbols
    assert [list(one["probabilities"]) for one in back] == [
        list(one["probabilities"]) for one in symbols
    ]


@given(as_recognised)
def test_one_digit_takes_few_bytes(one):
    assert len(pack_symbols([one])) <= 1 + 10 * 3 + 4 * 3


@pytest.mark.parametrize("content", [b"\x07rest", b""])
def test_a_format_from_the_future_is_refused(content):
    with pytest.raises(ValueError, match="format"):
        unpack_symbols(content)
    if content:
        with pytest.raises(ValueError, match="format"):
            unpack_bitmap(content)


def test_what_a_model_saw_takes_a_quarter_of_its_pixels():
    bitmaps = [one.bitmap for one in make(3, 60)]
    assert sum(len(pack_bitmap(bitmap)) for bitmap in bitmaps) / 60 < 0.27 * BITMAP_BYTES


@pytest.mark.django_db
def test_the_database_holds_the_packed_bytes_and_reads_unpacked_ones_of_old():
    drawing = make_drawing()
    bitmap, symbols = bytes(drawing.bitmap), drawing.predictions.get().symbols
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(bitmap) FROM recognizer_drawing")
        assert cursor.fetchone()[0] < 300
        assert Drawing.objects.get().bitmap == bitmap
        cursor.execute("UPDATE recognizer_drawing SET bitmap = %s", [bitmap])
    assert Drawing.objects.get().bitmap == bitmap
    assert list(Drawing.objects.values_list("bitmap", flat=True)) == [bitmap]
    assert Prediction.objects.get().symbols == json.loads(json.dumps(symbols))
