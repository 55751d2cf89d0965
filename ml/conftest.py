"""What several tests of `ml` build."""

from pathlib import Path

import pytest

from devtools import golden
from ml.data.dataset import save_strokes


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    """A set of strokes: the golden digits by four writers each."""
    labels = [*"1234567890"] * 4
    path = tmp_path / "strokes.npz"
    save_strokes(path, [golden.ink(each) for each in labels], labels, [f"w{i}" for i in range(40)])
    return path
