"""Picture files as a person sends them: decoded safely, ink made light on dark."""

import io
import threading
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.contract import Greyscale, InkError, Picture

FORMATS = ("PNG", "JPEG")
MAX_PIXELS = 20_000_000
LEAST_SIDE_PX = 8
KEPT_SIDE_PX = 280
"""A larger picture is shrunk to this longer side before anything else looks at it."""

_FAINTEST_INK, _FAINTEST_MARK = 24, 8
"""How far, in shades of 256, ink departs from the paper at least; and what is no mark at all."""

_decoders = threading.BoundedSemaphore(2)
"""At most two pictures at once in a process: the largest allowed takes about 100 MB."""


def decode_picture(content: bytes) -> Picture:
    """Read a PNG or JPEG of a drawing.

    Transparent parts count as paper, EXIF rotation is applied, dark ink on
    light paper is turned round, and paper lit unevenly is levelled.

    Args:
        content: the file's bytes.

    Returns:
        A picture of at most `KEPT_SIDE_PX` a side, paper near 0.

    Raises:
        InkError: not PNG or JPEG, damaged, too large or too small.
    """
    try:
        with _decoders:
            grey = _decode(content)
    except (InkError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise InkError("This is not a PNG or JPEG picture.") from None
    except Image.DecompressionBombError:
        raise InkError(f"The picture has more than {MAX_PIXELS:,} pixels.") from None
    except Exception:  # noqa: BLE001  Pillow's decoders raise anything for damaged bytes
        raise InkError("The picture is damaged and cannot be read.") from None
    grey.thumbnail((KEPT_SIDE_PX, KEPT_SIDE_PX), Image.Resampling.BOX)
    shade = np.asarray(grey)
    levelled = level(shade)
    faint = not levelled.any() and _departure(shade).max() >= _FAINTEST_MARK
    return Picture(levelled, too_faint=bool(faint))


def _decode(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    # The header tells the size: a bomb is refused before it is decoded.
    _check_size(image)
    image.draft("L", (2 * KEPT_SIDE_PX, 2 * KEPT_SIDE_PX))
    image.load()
    if image.mode in {"1", "P"}:
        image = image.convert("RGBA" if "transparency" in image.info else "L")
    elif image.mode.startswith("I"):
        image = image.convert("I")
    # Before anything is computed in floats, so that no picture takes gigabytes.
    image = ImageOps.exif_transpose(image)
    return _flatten(image.reduce(max(1, max(image.size) // (4 * KEPT_SIDE_PX))))


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise InkError(f"The picture has more than {MAX_PIXELS:,} pixels.")
    if min(image.size) < LEAST_SIDE_PX:
        raise InkError(
            f"The picture is {image.width} x {image.height} pixels;"
            f" at least {LEAST_SIDE_PX} x {LEAST_SIDE_PX} are needed."
        )


def _flatten(image: Image.Image) -> Image.Image:
    """Greyscale; what is see-through becomes paper, which is light unless the ink is."""
    if image.mode == "I":
        wide = np.asarray(image, np.float64)
        return Image.fromarray((wide / max(wide.max(), 1) * 255).astype(np.uint8))
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("L")
    grey = image.convert("LA")
    light, alpha = (np.asarray(band, np.float64) for band in grey.split())
    paper = 0.0 if (light * alpha).sum() > 127 * alpha.sum() and alpha.mean() < 127 else 255.0
    flat = paper + (light - paper) * alpha / 255
    return Image.fromarray(np.round(flat).astype(np.uint8))


def level(grey: Greyscale) -> Greyscale:
    """Ink light, paper 0: the sheet's own shade taken away, the ink stretched to 255.

    The paper is the border's median; ink is what departs from it to the side
    where more of the picture departs.
    """
    ink = _departure(grey)
    strongest = float(ink.max())
    if strongest < _FAINTEST_INK:
        return np.zeros_like(grey)
    levelled: Greyscale = np.clip(ink * (255 / strongest), 0, 255).astype(np.uint8)
    return levelled


def _departure(grey: Greyscale) -> NDArray[np.float32]:
    """How far each pixel departs from the paper, positive on the side of the ink."""
    shade = grey.astype(np.float32)
    border = np.concatenate([shade[0], shade[-1], shade[:, 0], shade[:, -1]])
    departure = shade - np.float32(np.median(border))
    return departure if departure.max() > -departure.min() else -departure
