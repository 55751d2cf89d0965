"""Broken and malicious files are refused whole, with the line or entry named."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from recognizer import exchange
from recognizer.exchange import ExchangeError
from recognizer.models import Drawing
from recognizer.tests.exchanging import (
    entries,
    exported,
    imported,
    make_one_of_each,
    with_array,
    zipped,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole():
    """The same five drawings in each format; the database is empty."""
    make_one_of_each()
    files = {name: exported(name) for name in exchange.FORMATS}
    Drawing.objects.all().delete()
    return files


def assert_refused(content, *words):
    with pytest.raises(ExchangeError) as raised:
        imported(content)
    for word in words:
        assert word in str(raised.value)
    assert not Drawing.objects.exists()


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize("file_format", exchange.FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(whole, file_format, share):
    content = whole[file_format]
    assert_refused(content[: int(len(content) * share)], "not a whole ZIP file")


@pytest.mark.parametrize("file_format", exchange.FORMATS)
def test_a_flipped_byte_is_never_imported_and_never_a_crash(whole, file_format):
    content = whole[file_format]
    rng = np.random.default_rng(1)
    for position in rng.integers(0, len(content), 150):
        broken = bytearray(content)
        broken[position] ^= 0xFF
        try:
            imported(bytes(broken))
        except ExchangeError:
            assert not Drawing.objects.exists()
        else:  # a byte without meaning, such as a date
            Drawing.objects.all().delete()


def test_a_zip_file_of_something_else_is_refused():
    assert_refused(zipped({"readme.txt": b"hello"}), "neither .npy arrays, nor drawings.csv")


@pytest.mark.parametrize(
    "name", ["../evil.png", "/etc/passwd", "bitmaps\\..\\evil.png", "bitmaps//a.png", "./a", "a/"]
)
def test_a_path_name_that_leads_elsewhere_is_refused(whole, name):
    assert_refused(zipped({**entries(whole["csv"]), name: b"x"}), "path name")


def test_an_entry_that_is_there_twice_is_refused(whole):
    buffer = io.BytesIO(whole["idx"])
    with (
        zipfile.ZipFile(buffer, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("labels-idx1-ubyte", b"")
    assert_refused(buffer.getvalue(), "'labels-idx1-ubyte' is there twice")


def test_a_bomb_is_refused_before_it_is_unpacked(whole):
    bomb = zipped({**entries(whole["npz"]), "points.npy": bytes(300_000_000)})
    assert len(bomb) < 1_000_000
    assert_refused(bomb, "unpacks to")


def test_a_bomb_that_lies_about_its_size_is_refused(whole):
    content = entries(whole["npz"])
    bomb = bytearray(zipped({**content, "times.npy": bytes(5_000_000)}))
    size = (5_000_000).to_bytes(4, "little")
    for found in re.finditer(re.escape(size), bytes(bomb)):
        bomb[found.start() : found.start() + 4] = len(content["times.npy"]).to_bytes(4, "little")
    assert_refused(bytes(bomb), "times.npy")


def test_too_many_drawings_are_refused(whole):
    limits = exchange.Limits(drawings=4, unpacked_bytes=10**9)
    for content in (whole["npz"], whole["csv"]):
        with pytest.raises(ExchangeError, match=r"[Aa]t most 4"):
            exchange.import_drawings(io.BytesIO(content), limits)
    with pytest.raises(ExchangeError, match="at most 1"):
        exchange.import_drawings(io.BytesIO(whole["idx"]), exchange.Limits(1, 10**9))
    assert not Drawing.objects.exists()


def test_pickled_objects_are_never_read(whole):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    evil = np.array([Evil()] * 5, object)
    assert_refused(with_array(whole["npz"], "labels", lambda _: evil), "labels.npy", "pickled")


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("labels", lambda a: a.astype("S16"), "labels.npy holds |S16"),
        ("labels", lambda a: a[:, None], "labels.npy has the shape (5, 1), not (n) row by row"),
        ("labels", lambda a: a[:0], "rows, labels.npy 0"),
        ("labels", lambda a: a.astype("U0")[:0].astype("U100"), "labels.npy holds <U100"),
        ("labels", lambda a: changed(a, 3, "Ω"), "drawing 3: There is no label 'Ω'"),
        ("label_states", lambda a: changed(a, 3, "great"), "drawing 3: There is no state 'great'"),
        ("label_states", lambda a: changed(a, 4, "approved"), "drawing 4: There is no label ''"),
        ("bitmaps", lambda a: a[:, :, :27], "bitmaps.npy has the shape (5, 28, 27)"),
        ("bitmaps", np.asfortranarray, "bitmaps.npy has the shape"),
        ("bitmaps", lambda a: a[:4], "bitmaps.npy has 4 rows, labels.npy 5"),
        ("bitmaps", lambda a: a * 0, "drawing 0: The bitmap is blank"),
        ("points", lambda a: changed(a, (2, 0), np.nan), "drawing 0: Stroke 0: a coordinate"),
        ("points", lambda a: changed(a, (5, 1), np.inf), "drawing 1: Stroke 0: a coordinate"),
        ("points", lambda a: changed(a, (0, 0), 281), "drawing 0: Stroke 0: a point lies off"),
        ("points", lambda a: a[:-1], "points.npy ends too early"),
        ("points", lambda a: np.vstack([a, a]), "points.npy holds"),
        ("points", lambda a: a.astype("c16"), "points.npy holds complex128"),
        ("times", lambda a: changed(a, 0, -5), "drawing 0: Stroke 0: a time"),
        ("stroke_len", lambda a: changed(a, 0, 0), "drawing 0: A stroke without points"),
        ("stroke_len", lambda a: changed(a.astype("i8"), 0, -1), "A stroke without points"),
        ("stroke_len", lambda a: changed(a, 0, 2**31), "drawing 0: A stroke without points, or"),
        ("sample_len", lambda a: changed(a, 0, 501), "drawing 0: 501 strokes; at most 500"),
        ("sample_len", lambda a: changed(a.astype("i8"), 0, -1), "drawing 0: It must have either"),
        ("sample_len", lambda a: changed(a, 2, 1), "drawing 2: It must have either strokes or"),
        ("picture_len", lambda a: changed(a, 2, 9), "drawing 2: The PNG is damaged"),
        ("picture_len", lambda a: changed(a, 2, 2**31), "drawing 2: The picture is over"),
        ("canvas", lambda a: changed(a, (0, 0), 0), "drawing 0: width must be 1 to"),
        ("canvas", lambda a: changed(a, (2, 0), 99), "drawing 2: The picture is 100 x 120 pixels"),
        ("public_ids", lambda a: changed(a, 1, a[0]), "is there twice"),
        ("public_ids", lambda a: changed(a, 1, "1"), "drawing 1: The id '1' is not a UUID"),
        ("public_ids", np.char.upper, "is not a UUID"),
        ("writers", lambda a: changed(a, 1, "ada"), "drawing 1: The writer 'ada' is not a UUID"),
        ("created_at", lambda a: changed(a, 1, "NaT"), "drawing 1: The time is not one"),
        ("created_at", lambda a: changed(a, 1, "1066-10-14"), "drawing 1: The time 1066"),
        ("created_at", lambda a: a.astype("i8"), "created_at.npy holds int64"),
    ],
)
def test_an_npz_with_a_wrong_array_is_refused(whole, name, change, problem):
    assert_refused(with_array(whole["npz"], name, change), problem)


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"", "times.npy is damaged"),
        (b"\x93NUMPY\x01\x00\xff\xff", "times.npy is damaged"),
        (b"\x93NUMPY\x09\x00\x10\x00" + b" " * 16, "times.npy"),
        (b"\x93NUMPY\x01\x00\x0a\x00__import__", "times.npy is damaged"),
        (b"not an array at all", "times.npy is damaged"),
    ],
)
def test_an_npz_entry_that_is_no_array_is_refused(whole, head, problem):
    assert_refused(zipped({**entries(whole["npz"]), "times.npy": head}), problem)


def test_an_npz_that_lacks_an_array_or_has_one_too_many_is_refused(whole):
    content = entries(whole["npz"])
    assert_refused(zipped({**content, "more.npy": content["times.npy"]}), "'more.npy'")
    del content["times.npy"]
    assert_refused(zipped(content), "lacks times.npy")


def table(content, change):
    """The CSV file after `change` edited its list of lines."""
    held = entries(content)
    lines = held["drawings.csv"].decode().splitlines()
    change(lines)
    return zipped({**held, "drawings.csv": ("\n".join(lines) + "\n").encode()})


def cell(line, column, value):
    """Put a value into one cell. Only the strokes contain commas, and they come last."""

    def change(lines):
        cells = lines[line - 1].split(",", 10)
        cells[column] = value
        lines[line - 1] = ",".join(cells)

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines.__setitem__(0, "id,label"), "drawings.csv, line 1: expected id,"),
        (lambda lines: lines.__setitem__(2, "1,2,3"), "drawings.csv, line 3: 3 cells, not 11"),
        (lambda lines: lines.insert(3, ""), "drawings.csv, line 4: 0 cells, not 11"),
        (lambda lines: lines.append('"unclosed'), "drawings.csv, line 7: unexpected end of data"),
        (lambda lines: lines.append(lines[1]), "drawings.csv, line 7: The entry"),
        (lambda lines: lines.pop(), "No line of drawings.csv names the entry 'bitmaps/"),
        (lambda lines: lines.append("x" * 2_000_000), "drawings.csv, line 7: the line is too long"),
        (cell(3, 0, "33"), "drawings.csv, line 3: The id '33'"),
        (cell(3, 1, "yesterday"), "drawings.csv, line 3: 'yesterday' is not a time"),
        (cell(3, 1, "2021-03-05T05:06:07"), "drawings.csv, line 3: The time is not one with"),
        (cell(3, 1, "0001-01-01T00:00:00+10:00"), "drawings.csv, line 3: The time lies outside"),
        (cell(3, 3, "photo"), "drawings.csv, line 3: There is no source 'photo'"),
        (cell(3, 3, "image"), "drawings.csv, line 3: A canvas has strokes"),
        (cell(3, 4, "-280"), "drawings.csv, line 3: The width '-280'"),
        (cell(3, 5, "10001"), "drawings.csv, line 3: height must be 1 to"),
        (cell(3, 5, "²"), "drawings.csv, line 3: The height"),
        (cell(3, 6, "=HYPERLINK()"), "drawings.csv, line 3: There is no label '=HYPERLINK()'"),
        (cell(3, 7, "sure"), "drawings.csv, line 3: There is no state 'sure'"),
        (cell(3, 8, "/etc/passwd"), "drawings.csv, line 3: The entry '/etc/passwd' is missing"),
        (cell(3, 8, "drawings.csv"), "drawings.csv, line 3: The entry 'drawings.csv' is missing"),
        (cell(3, 10, "[[[1, NaN]]]"), "drawings.csv, line 3: "),
        (cell(3, 10, '"[[[1,NaN]]]"'), "drawings.csv, line 3: The strokes are not JSON"),
        (cell(3, 10, '"[[[1,1e999]]]"'), "drawings.csv, line 3: "),
        (cell(3, 10, '"[[[1,281]]]"'), "drawings.csv, line 3: Stroke 0: a point lies off"),
        (cell(3, 10, "[]"), "drawings.csv, line 3: A stroke without points"),
        (cell(3, 10, '"[[[1,1]],[]]"'), "drawings.csv, line 3: A stroke without points"),
        (cell(3, 10, '"{""a"":1}"'), "drawings.csv, line 3: Expected `array`"),
        (cell(3, 10, "[" * 100_000), "drawings.csv, line 3: "),
    ],
)
def test_a_csv_with_a_bad_line_is_refused_and_the_line_named(whole, change, problem):
    assert_refused(table(whole["csv"], change), problem)


def test_a_csv_that_is_not_utf_8_is_refused(whole):
    held = entries(whole["csv"])
    broken = held["drawings.csv"].replace(b"canvas", b"canv\xffs")
    assert_refused(zipped({**held, "drawings.csv": broken}), "drawings.csv, line", "damaged")


def png(width, height, mode="L"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 255).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("folder", "content", "problem"),
    [
        ("bitmaps/", png(27, 28), "The bitmap is not 28 x 28 pixels"),
        ("bitmaps/", png(28, 28, "RGB"), "Not an 8-bit greyscale PNG"),
        ("bitmaps/", png(28, 28)[:-20], "The PNG is damaged"),
        ("bitmaps/", b"GIF89a", "The PNG is damaged, or no PNG"),
        ("bitmaps/", bytes(20_000), "is over 10,000 bytes"),
        ("pictures/", png(100, 121), "The picture is 100 x 121 pixels, not 100 x 120"),
        ("pictures/", png(2_001, 2_001), "at most 2000 pixels a side"),
        ("pictures/", png(30_000, 30_000, "1"), "Not an 8-bit greyscale PNG"),
    ],
)
def test_a_wrong_png_is_refused_and_the_entry_named(whole, folder, content, problem):
    held = entries(whole["csv"])
    name = next(name for name in held if name.startswith(folder))
    assert_refused(zipped({**held, name: content}), "drawings.csv, line", name, problem)


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        (
            "images",
            lambda b: b"\x00\x00\x08\x01" + b[4:],
            "images-idx3-ubyte begins with 0x00000801",
        ),
        ("images", lambda b: b[:10], "images-idx3-ubyte is cut off"),
        ("images", lambda b: b[:-1], "images-idx3-ubyte has 1583 bytes; its head says 1584"),
        ("images", lambda b: b[:7] + b"\x03" + b[8:], "3 images but 2 labels"),
        ("images", lambda b: b[:11] + b"\x38\x00\x00\x00\x0e" + b[16:], "pixels, not 28 x 28"),
        ("images", lambda b: b[:16] + bytes(784) + b[800:], "image 0: The bitmap is blank"),
        ("labels", lambda b: b"", "labels-idx1-ubyte is cut off"),
        ("labels", lambda b: b + b"\x01", "labels-idx1-ubyte has 11 bytes"),
        ("labels", lambda b: b[:-1] + b"\x0a", "image 1: The label is 0a, not a digit"),
    ],
)
def test_a_wrong_idx_file_is_refused(whole, name, change, problem):
    held = entries(whole["idx"])
    full = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}[name]
    assert_refused(zipped({**held, full: change(held[full])}), problem)


def test_an_idx_file_without_its_labels_is_refused(whole):
    held = entries(whole["idx"])
    del held["labels-idx1-ubyte"]
    assert_refused(zipped(held), "Expected two entries")


def test_a_file_without_drawings_is_refused():
    assert_refused(exported("npz", Drawing.objects.none()), "holds no drawings")


def test_what_fails_while_it_is_stored_leaves_nothing(whole, monkeypatch):
    def fail(*args, **kwargs):
        raise ExchangeError("the last moment")

    monkeypatch.setattr("recognizer.exchange.importing._labels", fail)
    assert_refused(whole["npz"], "the last moment")
