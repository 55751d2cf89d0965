"""Sets of labelled handwriting: MNIST, and any NPZ file in this project's format.

The format, one NPZ file a set (NumPy arrays, no pickles), for n samples:

    labels      (n,) the character shown, as a string or a digit as a number
    writers     (n,) optional: who wrote it, so that a split keeps writers apart
    split       (n,) optional: "train", "validation" or "test" fixes a sample's side
    weights     (n,) optional float: how often a sample is drawn, 1.0 if absent
    by_pen      (n,) optional bool: whether a picture looks as if a pen had drawn it on a canvas

with either pictures, of any one size, light ink on dark paper or the reverse:

    images      (n, height, width) uint8

or pen strokes, made of m strokes of p points:

    points      (p, 2) x right, y down, in the set's own units
    stroke_len  (m,) points a stroke, in writing order
    sample_len  (n,) strokes a sample
    canvas      (n, 2) optional: width and height of the canvas drawn on
    bitmaps     (n, 28, 28) optional uint8: read where a sample has no strokes

Where there are label_states, (n,), only samples whose state is "approved" are read. What a site
exports (recognizer/exchange/npz.py) has these, and more that only a site reads again.
"""

import gzip
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from ml.contract import IMAGE_SIZE, JSON, Drawn, Ink, Labels, Picture
from ml.drawing.pictures import level
from ml.drawing.preprocessing import preprocess
from ml.drawing.strokes import PEN_WIDTH_PX

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the four uncompressed IDX files."""

_STROKES = frozenset({"points", "stroke_len", "sample_len"})

_IDX_IMAGES, _IDX_LABELS = 0x0803, 0x0801


class DatasetError(ValueError):
    """A data set is missing, damaged or not in the documented format."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Bitmaps with their labels, ready to train on or to evaluate with.

    images   (n, 28, 28) uint8, ink 255 on paper 0
    labels   (n,) short strings
    writers  (n,) strings, "" where unknown
    weights  (n,) float32, how often each is drawn
    by_pen   (n,) whether a pen drew it on a canvas; else it was scanned or photographed
    sources  {set name: SHA-256 of its files}
    """

    images: NDArray[np.uint8]
    labels: Labels
    writers: Labels
    weights: NDArray[np.float32]
    by_pen: NDArray[np.bool_]
    sources: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> "Dataset":
        """The samples that a mask or a list of indices names."""
        return Dataset(
            self.images[keep],
            self.labels[keep],
            self.writers[keep],
            self.weights[keep],
            self.by_pen[keep],
            self.sources,
        )

    def targets(self, classes: tuple[str, ...]) -> NDArray[np.int64]:
        """(n,) index of each label in `classes`.

        Raises:
            DatasetError: a label is not among the classes.
        """
        index = {label: i for i, label in enumerate(classes)}
        unknown = sorted(set(self.labels.tolist()) - set(index))
        if unknown:
            raise DatasetError(f"No such class: {', '.join(unknown[:10])}.")
        return np.array([index[label] for label in self.labels.tolist()], np.int64)


def concatenate(sets: Iterable[Dataset]) -> Dataset:
    """One set of all samples, which remembers every source."""
    parts = list(sets)
    sources = {name: digest for part in parts for name, digest in part.sources.items()}
    return Dataset(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.writers for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.by_pen for part in parts]),
        sources,
    )


def file_sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_mnist(folder: Path, part: str) -> Dataset:
    """MNIST's "train" (60,000) or "test" (10,000) images from its IDX files.

    Raises:
        DatasetError: a file is missing or its SHA-256 is not MNIST's.
    """
    prefix = {"train": "train", "test": "t10k"}[part]
    image_file, label_file = (
        folder / f"{prefix}-{kind}" for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    for path in (image_file, label_file):
        check_mnist_file(path)
    images, labels = read_idx(image_file), read_idx(label_file)
    sources = {f"mnist/{path.name}": MNIST_SHA256[path.name] for path in (image_file, label_file)}
    return _dataset(images, labels.astype("U16"), sources=sources)


def check_mnist_file(path: Path) -> None:
    """Raises DatasetError unless the file is there and is MNIST's, byte for byte."""
    if not path.is_file():
        raise DatasetError(f"{path} is missing; `python -m ml download` fetches it.")
    if file_sha256(path) != MNIST_SHA256[path.name]:
        raise DatasetError(f"{path} is not MNIST's file: wrong SHA-256.")


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes, plain or gzipped, as (n,) or (n, rows, columns).

    Source: LeCun, Cortes and Burges, "The MNIST database", file formats.
    """
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    magic = int.from_bytes(raw[:4], "big")
    if magic not in {_IDX_IMAGES, _IDX_LABELS}:
        raise DatasetError(f"{path} is not an IDX file of bytes.")
    dims = magic & 0xFF
    shape = np.frombuffer(raw, ">u4", dims, offset=4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


def load_set(
    path: Path,
    pen_width_px: float = PEN_WIDTH_PX,
    change: Callable[[Ink, str], Ink] | None = None,
) -> Dataset:
    """A set in the documented NPZ format, every sample through `preprocess`.

    Samples without ink are left out. Pictures that are 28x28 already go
    through `preprocess` like all others.

    Args:
        change: what becomes of strokes first, by their label.

    Raises:
        DatasetError: the file is missing, damaged or in another format.
    """
    drawings, arrays = _load(path)
    images, kept, by_pen = [], [], []
    drawn_pictures = arrays.get("by_pen", np.zeros(len(arrays["labels"]), bool))
    approved = _approved(arrays)
    for index, drawn in enumerate(drawings):
        if not approved[index]:
            continue
        if change and isinstance(drawn, Ink):
            drawn = change(drawn, str(arrays["labels"][index]))
        try:
            images.append(preprocess(drawn, pen_width_px))
            kept.append(index)
            by_pen.append(isinstance(drawn, Ink) or bool(drawn_pictures[index]))
        except ValueError:
            continue
    if not kept:
        raise DatasetError(f"{path} holds no sample with ink.")
    return _dataset(
        np.round(np.stack(images) * 255).astype(np.uint8),
        arrays["labels"][kept],
        writers=arrays["writers"][kept].astype("U64") if "writers" in arrays else None,
        weights=arrays["weights"][kept].astype(np.float32) if "weights" in arrays else None,
        by_pen=np.array(by_pen),
        sources={path.name: file_sha256(path)},
    )


def holds_strokes(path: Path) -> bool:
    """Whether a set in the documented format is one of strokes, which may hold pictures too.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    with _opened(path) as file:
        return set(file.files) >= _STROKES


def load_inks(path: Path) -> tuple[list[Ink], Labels, Labels] | None:
    """The strokes, labels and writers ("" where unknown) of a set; None for a set of pictures.

    Raises:
        DatasetError: the file is missing, damaged or in another format.
    """
    drawings, labels, writers = load_drawn(path)
    kept = [index for index, drawn in enumerate(drawings) if isinstance(drawn, Ink)]
    if not kept:
        return None
    inks = [drawn for drawn in drawings if isinstance(drawn, Ink)]
    return inks, labels[kept], writers[kept]


def load_drawn(path: Path) -> tuple[list[Drawn], Labels, Labels]:
    """What was drawn, as it was drawn, with labels and writers ("" where unknown).

    Raises:
        DatasetError: the file is missing, damaged or in another format.
    """
    drawings, arrays = _load(path)
    approved = _approved(arrays)
    writers = arrays.get("writers", np.full(len(approved), "")).astype("U64")
    kept = [drawn for drawn, usable in zip(drawings, approved, strict=True) if usable]
    return kept, arrays["labels"][approved], writers[approved]


def _approved(arrays: dict[str, np.ndarray]) -> NDArray[np.bool_]:
    """(n,) which samples have a label to go by."""
    if "label_states" not in arrays:
        return np.ones(len(arrays["labels"]), bool)
    approved: NDArray[np.bool_] = arrays["label_states"] == "approved"
    return approved


def _load(path: Path) -> tuple[Iterator[Drawn], dict[str, np.ndarray]]:
    with _opened(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["labels"] = np.asarray(arrays.get("labels", [])).astype("U16")
    if not len(arrays["labels"]):
        raise DatasetError(f"{path} holds no labels.")
    return _samples(arrays, path), arrays


@contextmanager
def _opened(path: Path) -> Iterator[NpzFile]:
    try:
        with np.load(path, allow_pickle=False) as file:
            yield file
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} cannot be read as a data set: {error}") from error


def _samples(arrays: dict[str, np.ndarray], path: Path) -> Iterator[Drawn]:
    if "images" in arrays:
        yield from (Picture(level(image)) for image in arrays["images"])
    elif set(arrays) >= _STROKES:
        yield from _inks(arrays)
    else:
        raise DatasetError(f"{path} holds neither images nor points, stroke_len and sample_len.")


def _inks(arrays: dict[str, np.ndarray]) -> Iterator[Drawn]:
    points = arrays["points"].astype(np.float64)
    strokes = np.split(points, np.cumsum(arrays["stroke_len"].astype(np.int64))[:-1])
    start = 0
    for index, count in enumerate(arrays["sample_len"].astype(int)):
        sample = strokes[start : start + count]
        start += count
        if not count and "bitmaps" in arrays:
            yield Picture(level(arrays["bitmaps"][index]))
            continue
        if "canvas" in arrays:
            width, height = (int(side) for side in arrays["canvas"][index])
        else:  # the ink's own box: the set says nothing of a canvas
            sides = np.ptp(np.concatenate(sample), axis=0) if count else np.ones(2)
            width, height = (max(1, int(np.ceil(side))) for side in sides)
        yield Ink(tuple(sample), width, height)


def load_bitmaps(path: Path) -> Dataset:
    """Bitmaps that `save_bitmaps` stored: preprocessed already, read as they are."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if arrays["images"].shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        raise DatasetError(f"{path} does not hold {IMAGE_SIZE}x{IMAGE_SIZE} bitmaps.")
    return _dataset(
        arrays["images"],
        arrays["labels"].astype("U16"),
        writers=arrays["writers"].astype("U64") if "writers" in arrays else None,
        weights=arrays["weights"].astype(np.float32) if "weights" in arrays else None,
        by_pen=arrays.get("by_pen"),
        sources={path.name: file_sha256(path)},
    )


def save_bitmaps(
    path: Path,
    images: NDArray[np.uint8],
    labels: Labels,
    writers: Labels,
    by_pen: NDArray[np.bool_] | None = None,
) -> None:
    """Store (n, h, w) bitmaps with labels and writers, compressed; `load_set` reads them, and
    `load_bitmaps` those of 28x28."""
    if by_pen is None:
        by_pen = np.zeros(len(labels), bool)
    np.savez_compressed(path, images=images, labels=labels, writers=writers, by_pen=by_pen)


def save_strokes(path: Path, inks: list[Ink], labels: list[str], writers: list[str]) -> None:
    """Store labelled strokes in the documented format; `load_set` reads them."""
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    np.savez_compressed(
        path,
        points=np.concatenate([np.zeros((0, 2)), *(stroke[:, :2] for stroke in strokes)]),
        stroke_len=np.array([len(stroke) for stroke in strokes], np.uint32),
        sample_len=np.array([len(ink.strokes) for ink in inks], np.uint32),
        canvas=np.array([(ink.width, ink.height) for ink in inks], np.uint32).reshape(-1, 2),
        labels=np.array(labels, "U16"),
        writers=np.array(writers, "U64"),
    )


def split_validation(
    dataset: Dataset, share: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices to train on and to validate on, no writer on both sides.

    Samples without a writer are each their own. Seeded: the same set splits
    the same way.
    """
    rng = np.random.default_rng(seed)
    anonymous = np.char.add("#", np.arange(len(dataset)).astype("U12"))
    writers = np.where(dataset.writers == "", anonymous, dataset.writers)
    names, which = np.unique(writers, return_inverse=True)
    held_out = np.zeros(len(names), bool)
    held_out[rng.permutation(len(names))[: round(share * len(names))]] = True
    return np.flatnonzero(~held_out[which]), np.flatnonzero(held_out[which])


def halves(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """The samples to train on, and the `share` of them to validate on; see `split_validation`."""
    kept, held_out = split_validation(dataset, share, seed)
    return dataset.select(kept), dataset.select(held_out)


def as_split(dataset: Dataset, result: JSON) -> tuple[Dataset, Dataset]:
    """What a recorded training trained on, and what it validated on; see `halves`."""
    seed = result.get("split_seed", result["plan"]["seed"])
    return halves(dataset, result["validation_share"], int(seed))


def only_classes(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """The samples whose label is one of `classes`; NOT_A_DIGIT and letters go unless named."""
    return dataset.select(np.isin(dataset.labels, classes))


def _dataset(
    images: NDArray[np.uint8],
    labels: Labels,
    *,
    writers: Labels | None = None,
    weights: NDArray[np.float32] | None = None,
    by_pen: NDArray[np.bool_] | None = None,
    sources: dict[str, str],
) -> Dataset:
    if len(images) != len(labels):
        raise DatasetError(f"{len(images)} images but {len(labels)} labels.")
    if writers is None:
        writers = np.full(len(labels), "", "U1")
    if weights is None:
        weights = np.ones(len(labels), np.float32)
    if by_pen is None:
        by_pen = np.zeros(len(labels), bool)
    return Dataset(images, labels, writers, weights, by_pen, sources)
