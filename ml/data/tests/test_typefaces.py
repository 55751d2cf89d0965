"""The set of typefaces, with packages of this test's own in place of npm's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont

from ml import pretrained
from ml.contract import DIGITS, Picture
from ml.data import typefaces
from ml.data.dataset import DatasetError, load_set
from ml.drawing.preprocessing import preprocess
from ml.reading.inference import load_trained


@pytest.fixture
def font() -> ImageFont.FreeTypeFont:
    """Pillow's own."""
    font = ImageFont.load_default(96)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@pytest.fixture
def packages(font: ImageFont.FreeTypeFont, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched; each package is Pillow's own typeface, but "empty" has none."""
    fetched = []

    @contextmanager
    def npm_package(package: str) -> Iterator[dict[str, Any]]:
        fetched.append(package)
        file: Any = font.path
        content = file.getvalue
        name = package.split("/")[1].split("@")[0]
        files = {f"files/{name}-latin-{weight}-normal.woff2": content for weight in (300, 400)}
        yield {} if name == "empty" else files | {"LICENSE": lambda: b"OFL"}

    monkeypatch.setattr(typefaces, "npm_package", npm_package)
    return fetched


def test_a_set_of_typefaces_is_fetched_once_and_read_like_any_other(
    packages: list[str], tmp_path: Path
) -> None:
    target, kept = tmp_path / "new" / "set.npz", tmp_path / "kept"
    count = typefaces.write_set(target, kept, ["one-hand", "another"])
    assert sorted(packages) == [f"@fontsource/{name}@5.3.0" for name in ("another", "one-hand")]
    found = load_set(target)
    assert len(found) == count == 2 * sum(typefaces.CHARACTERS.values())
    assert set(found.writers) == {"one-hand", "another"}
    assert found.by_pen.all()
    assert sorted(set(found.labels)) == sorted(typefaces.CHARACTERS)
    first = found.images.copy()
    typefaces.write_set(target, kept, ["one-hand", "another"])
    assert len(packages) == 2
    np.testing.assert_array_equal(load_set(target).images, first)


def test_bent_digits_differ_and_stay_digits(font: ImageFont.FreeTypeFont) -> None:
    rng = np.random.default_rng(1)
    classifier = load_trained(pretrained.ARTIFACT)
    drawn = dict(typefaces.glyphs(font))
    assert list(drawn) == list(typefaces.CHARACTERS)
    bent = [(digit, typefaces.bend(drawn[digit], rng)) for digit in DIGITS for _ in range(10)]
    assert len({picture.tobytes() for _, picture in bent}) == len(bent)
    read = classifier.classify_batch(np.stack([preprocess(Picture(one)) for _, one in bent]))
    assert np.mean(read[:, :10].argmax(axis=1) == [int(digit) for digit, _ in bent]) > 0.9


def test_a_package_without_a_typeface_is_named(packages: list[str], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"empty@.* holds no typeface"):
        typefaces.write_set(tmp_path / "set.npz", tmp_path, ["empty"])
    assert not (tmp_path / "set.npz").exists()
