import io
import subprocess
import tracemalloc
import uuid
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ml.contract import NOT_A_DIGIT, Ink, Picture
from ml.data.dataset import load_inks, load_set
from recognizer import exchange
from recognizer.models import Drawing, Label, Prediction
from recognizer.tests.exchanging import entries, exported, imported, make_one_of_each
from recognizer.tests.factories import make_drawing, make_label, make_staff, make_user

pytestmark = pytest.mark.django_db

STORED = ["public_id", "created_at", "source", "width", "height", "ink", "picture", "bitmap"]
WHOLE = ["npz", "csv"]


def stored():
    """All drawings with their current label, as stored."""
    return [
        (
            *(
                bytes(value) if isinstance(value, memoryview) else value
                for value in (getattr(drawing, name) for name in STORED)
            ),
            (label := drawing.labels.current()) and (label.value, label.state),
        )
        for drawing in Drawing.objects.order_by("pk")
    ]


def label_of(drawing):
    label = drawing.labels.current()
    return label and label.value


def pixels_of(drawing):
    drawn = drawing.drawn()
    assert isinstance(drawn, Picture)
    return drawn.pixels


def emptied(content):
    Drawing.objects.all().delete()
    return content


@pytest.mark.parametrize("file_format", WHOLE)
def test_a_round_trip_gives_the_same_drawings_and_labels(file_format):
    make_one_of_each()
    before = stored()
    content = emptied(exported(file_format))
    assert imported(content, approve=True) == exchange.Imported(created=5, skipped=0)
    assert stored() == before


@pytest.mark.parametrize("file_format", WHOLE)
def test_what_was_imported_is_exported_as_the_same_file_byte_for_byte(file_format):
    make_one_of_each()
    content = emptied(exported(file_format))
    imported(content, approve=True)
    assert exported(file_format) == content


def test_a_round_trip_by_idx_gives_the_same_bitmaps_and_digits():
    make_one_of_each()
    kept = Drawing.objects.filter(labels__value__in=["7", "1"]).order_by("pk")
    before = [(bytes(drawing.bitmap), label_of(drawing)) for drawing in kept]
    content = emptied(exported("idx"))
    imported(content, approve=True)
    drawings = Drawing.objects.order_by("pk")
    assert [(bytes(row.bitmap), label_of(row)) for row in drawings] == before
    assert [pixels_of(row).tobytes() for row in drawings] == [bitmap for bitmap, _ in before]
    assert exported("idx") == content


def test_idx_leaves_out_what_has_no_digit_for_a_label():
    make_one_of_each()
    labels = entries(exported("idx"))["labels-idx1-ubyte"]
    assert labels[8:] == bytes([7, 1])


def test_a_file_in_idx_that_is_imported_twice_is_there_once():
    make_one_of_each()
    content = exported("idx")
    assert imported(content).created == 2
    assert imported(content) == exchange.Imported(created=0, skipped=2)


@pytest.mark.parametrize("file_format", exchange.FORMATS)
def test_other_programs_open_the_file(file_format, tmp_path):
    make_one_of_each()
    path = tmp_path / "drawings.zip"
    path.write_bytes(exported(file_format))
    done = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_drawings_that_are_there_already_are_skipped_and_stay_as_they_are():
    first, *_ = make_one_of_each()
    content = exported("npz")
    before = stored()
    first.delete()
    assert imported(content, approve=True) == exchange.Imported(created=1, skipped=4)
    assert sorted(stored(), key=str) == sorted(before, key=str)


def test_approved_labels_arrive_as_suggestions():
    make_one_of_each()
    content = emptied(exported("csv"))
    grace = make_staff()
    imported(content, by=grace)
    states = dict(Label.objects.values_list("value", "state"))
    assert states == {
        "7": "suggested",
        "1": "suggested",
        NOT_A_DIGIT: "suggested",
        "4": "refused",
    }
    assert set(Label.objects.values_list("given_by", flat=True)) == {grace.pk}


def test_approval_on_import_is_in_the_name_of_who_imports():
    make_one_of_each()
    content = emptied(exported("npz"))
    grace = make_staff()
    imported(content, by=grace, approve=True)
    label = Label.objects.get(value="7")
    assert (label.state, label.decided_by) == ("approved", grace)
    assert label.decided_at
    assert timezone.now() - label.decided_at < timedelta(minutes=5)
    waiting = Label.objects.get(value="1")
    assert (waiting.state, waiting.decided_at) == ("suggested", None)


def test_imported_drawings_have_no_predictions():
    make_one_of_each()
    imported(emptied(exported("npz")))
    assert not Prediction.objects.exists()


def test_an_imported_drawing_can_be_corrected_by_http(admin_client):
    drawing = make_drawing(read=None)
    url = f"/api/v1/drawings/{drawing.public_id}/"
    response = admin_client.patch(url, {"label": "3"}, content_type="application/json")
    assert response.json()["label"]["value"] == "3"


@pytest.mark.parametrize("file_format", WHOLE)
def test_contributors_stay_apart_and_keep_no_name(file_format):
    ada = make_user("zoë")
    mine = [make_drawing(user=ada), make_drawing(user=ada)]
    make_drawing(user=make_user("bob"))
    visitor = make_drawing().visitor
    content = exported(file_format)
    assert "zoë".encode() not in b"".join(entries(content).values())
    imported(emptied(content))
    owners = dict(Drawing.objects.values_list("public_id", "visitor"))
    assert owners[mine[0].public_id] == owners[mine[1].public_id]
    assert len(set(owners.values())) == 3
    assert visitor in owners.values()


def test_a_training_reads_the_approved_drawings_of_an_exported_npz(tmp_path):
    seven, *_ = make_one_of_each()
    path = tmp_path / "drawings.npz"
    path.write_bytes(exported("npz"))
    dataset = load_set(path)
    assert dataset.labels.tolist() == ["7", NOT_A_DIGIT]
    assert dataset.images[0].tobytes() == bytes(seven.bitmap)
    assert len(set(dataset.writers.tolist())) == 2
    strokes, drawn = load_inks(path), seven.drawn()
    assert strokes
    assert isinstance(drawn, Ink)
    inks, labels, writers = strokes
    assert np.array_equal(inks[0].strokes[0][:, :2], drawn.strokes[0][:, :2])
    assert (labels.tolist(), len(writers)) == (["7"], 1)


def test_of_several_labels_the_one_that_counts_is_exported():
    drawing = make_drawing(read=None)
    for value, state in [("1", "suggested"), ("2", "suggested"), ("3", "refused")]:
        make_label(drawing, value, state=state)
    imported(emptied(exported("npz")))
    assert list(Label.objects.values_list("value", "state")) == [("2", "suggested")]


def test_the_memory_of_an_export_does_not_grow_with_the_drawings():
    few, many = 2_000, 12_000
    one = make_drawing(read=None)
    columns = {name: getattr(one, name) for name in STORED[2:]}
    drawings = Drawing.objects.bulk_create(
        [Drawing(visitor=uuid.uuid4(), **columns) for _ in range(many)]
    )
    Label.objects.bulk_create([Label(drawing=drawing, value="7") for drawing in drawings])
    last = drawings[few].pk
    del drawings

    def peak(chosen, file_format):
        tracemalloc.start()
        size = sum(map(len, exchange.export(chosen, file_format)))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used, size

    for file_format in exchange.FORMATS:
        for_few, small = peak(Drawing.objects.filter(pk__lt=last), file_format)
        for_many, large = peak(Drawing.objects.all(), file_format)
        # The bitmaps alone are 8 MB more.
        assert for_many < for_few + 1_000_000
        assert for_many < 8_000_000
        assert large > 2 * small


def run(command, *arguments, **options):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("file_format", exchange.FORMATS)
def test_the_commands_export_and_import(file_format, tmp_path):
    make_one_of_each()
    path = tmp_path / "drawings"
    said = run("export_drawings", path, "--format", file_format, "--state", "all")
    assert "5 of 5 drawings" in said
    assert [file.name for file in tmp_path.iterdir()] == ["drawings"]
    held = {"idx": 2}.get(file_format, 5)
    Drawing.objects.all().delete()
    said = run("import_drawings", path, "--approve", "--by", make_staff().username)
    assert f"{held} drawings imported, 0 already present." in said
    assert Label.objects.get(value="7").decided_by == make_staff()


def test_without_a_state_only_approved_drawings_are_exported(tmp_path):
    make_one_of_each()
    assert "2 of 2 drawings" in run("export_drawings", tmp_path / "drawings.npz")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (("import_drawings", "missing.npz"), "cannot be read: No such file"),
        (("import_drawings", __file__), "Nothing was imported. The file is not a whole ZIP"),
        (("import_drawings", __file__, "--by", "nobody"), "There is no user nobody."),
        (("export_drawings", "/nowhere/drawings.npz"), "cannot be written: No such file"),
    ],
)
def test_a_command_says_what_is_wrong_in_one_line(command, problem):
    make_label(make_drawing(), "7", state="approved")
    with pytest.raises(CommandError) as raised:
        run(*command)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_export_of_nothing_says_so(tmp_path):
    with pytest.raises(CommandError, match="no drawings to export"):
        run("export_drawings", tmp_path / "drawings.npz")
    assert not list(tmp_path.iterdir())


def test_an_export_that_fails_leaves_the_file_of_before(tmp_path, monkeypatch):
    make_label(make_drawing(), "7", state="approved")
    path = tmp_path / "drawings.npz"
    path.write_bytes(b"the file of before")
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_drawings", tmp_path / "drawings.npz" / "within")
    assert path.read_bytes() == b"the file of before"


def test_an_export_takes_as_many_queries_for_50_drawings_as_for_5(django_assert_num_queries):
    for _ in range(5):
        make_label(make_drawing(read=None), "7")
    for _ in range(2):
        with django_assert_num_queries(2):
            exported("npz")
        for _ in range(45):
            make_label(make_drawing(read=None), "7")


def test_an_import_takes_as_many_queries_for_50_drawings_as_for_5(django_assert_max_num_queries):
    for _ in range(5):
        make_label(make_drawing(read=None), "7")
    few = exported("csv")
    for _ in range(45):
        make_label(make_drawing(read=None), "7")
    many = emptied(exported("csv"))
    for content in (few, many):
        with django_assert_max_num_queries(15):
            imported(content)


def test_a_stream_of_bytes_need_not_be_a_file_on_disk():
    make_one_of_each()
    content = emptied(exported("csv"))
    done = exchange.import_drawings(io.BytesIO(content), exchange.ON_THE_COMMAND_LINE)
    assert done.created == 5
