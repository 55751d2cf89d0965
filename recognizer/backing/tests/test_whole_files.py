"""Files are replaced atomically."""

import pytest

from recognizer.backing.whole_files import written_whole


def test_a_file_takes_the_place_of_the_old_one_once_it_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with written_whole(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_is_there_and_no_other(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(UnicodeError), written_whole(path) as unfinished:
        unfinished.write_text("half \udcff", encoding="utf-8")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
