"""Picture files as a person sends them: decoded safely, ink made light on dark."""

import io
import threading
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from ml.contract import INK_BOX, Greyscale, Ink, InkError, Picture, Stroke
from ml.drawing.photographs import SMALLEST_INK, find_ink, is_photograph
from ml.drawing.windows import in_disc

FORMATS = ("PNG", "JPEG")
MAX_PIXELS = 20_000_000
LEAST_SIDE_PX = 8
KEPT_SIDE_PX = 280
"""A larger picture is shrunk to this longer side before anything else looks at it."""

_FAINTEST_INK, _FAINTEST_MARK = 24, 8
"""How far, in shades of 256, ink departs from the paper at least; and what is no mark at all."""

_LITTLE_INK = 0.4
"""Of a photograph's longer side: shorter ink is looked at more closely."""

_HALF_INK = 127
_LEAST_BROADENED_PX = 40
_THIN, _BROADENED = 1.6, 2.2
"""Widths in pixels of the bitmap: lines thinner than the one get the other; MNIST's have 2 to 4."""

_decoders = threading.BoundedSemaphore(2)
"""At most two pictures at once in a process: the largest allowed takes about 100 MB."""


def decode_picture(content: bytes) -> Picture:
    """Read a PNG or JPEG of a drawing.

    Transparent parts count as paper, EXIF rotation is applied, and dark ink on light paper is
    turned round. In a photograph light and shadow, lines and crumbs on the paper are taken away,
    and what is around a small drawing; hairlines get a broader pen.

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
        raise InkError(
            "The picture has more than %(most)s pixels.", most=f"{MAX_PIXELS:,}"
        ) from None
    except Exception:  # noqa: BLE001  Pillow's decoders raise anything for damaged bytes
        raise InkError("The picture is damaged and cannot be read.") from None
    shade = _kept_size(grey)
    levelled = level(shade)
    if is_photograph(shade) and (box := _box_of_little_ink(levelled)):
        shade = _kept_size(_crop(grey, box, shade.shape))
        levelled = level(shade)
    faint = not levelled.any() and _departure(shade).max() >= _FAINTEST_MARK
    return Picture(levelled, too_faint=bool(faint))


def _box_of_little_ink(ink: Greyscale) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is worth a closer look: the ink with room around it."""
    if not ink.any():
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    (top, bottom), (left, right) = rows[[0, -1]].tolist(), columns[[0, -1]].tolist()
    side = max(bottom - top, right - left) + 1
    if not SMALLEST_INK <= side / max(ink.shape) <= _LITTLE_INK:
        return None
    return left - side, top - side, right + side, bottom + side


def _crop(
    image: Image.Image, box: tuple[int, int, int, int], shape: tuple[int, ...]
) -> Image.Image:
    """What a box in a picture of that shape holds in the image of another size."""
    scales = (image.width / shape[1], image.height / shape[0])
    left, top = (max(0, round(box[i] * scales[i])) for i in range(2))
    right, bottom = (min(image.size[i], round(box[i + 2] * scales[i])) for i in range(2))
    return image.crop((left, top, right, bottom))


def _kept_size(grey: Image.Image) -> Greyscale:
    small = grey.copy()
    small.thumbnail((KEPT_SIDE_PX, KEPT_SIDE_PX), Image.Resampling.BOX)
    return np.asarray(small)


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
        raise InkError("The picture has more than %(most)s pixels.", most=f"{MAX_PIXELS:,}")
    if min(image.size) < LEAST_SIDE_PX:
        raise InkError(
            "The picture is %(width)s x %(height)s pixels;"
            " at least %(least)s x %(least)s are needed.",
            width=image.width,
            height=image.height,
            least=LEAST_SIDE_PX,
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

    Of a photograph the ink is looked for; elsewhere the paper is the border's median, and ink is
    what departs from it to the side where more of the picture departs.
    """
    if is_photograph(grey):
        return broaden(find_ink(grey))
    ink = _departure(grey)
    strongest = float(ink.max())
    if strongest < _FAINTEST_INK:
        return np.zeros_like(grey)
    levelled: Greyscale = np.clip(ink * (255 / strongest), 0, 255).astype(np.uint8)
    return broaden(levelled)


def _departure(grey: Greyscale) -> NDArray[np.float32]:
    """How far each pixel departs from the paper, positive on the side of the ink."""
    shade = grey.astype(np.float32)
    border = np.concatenate([shade[0], shade[-1], shade[:, 0], shade[:, -1]])
    departure = shade - np.float32(np.median(border))
    return departure if departure.max() > -departure.min() else -departure


def broaden(ink: Greyscale) -> Greyscale:
    """Lines much thinner than the network learned from are drawn with a broader pen.

    A hairline would all but vanish in a (28, 28) bitmap.
    """
    inked = ink > _HALF_INK
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not rows.size:
        return ink
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    edges = (inked[1:] ^ inked[:-1]).sum() + (inked[:, 1:] ^ inked[:, :-1]).sum()
    width = 2 * inked.sum() / max(1.0, edges * np.pi / 4)
    unit = side / INK_BOX  # one pixel of the bitmap
    is_line = inked.sum() >= side  # no dots, however far apart
    if not is_line or side < _LEAST_BROADENED_PX or width >= _THIN * unit:
        return ink
    return in_disc(ink, float(_BROADENED * unit - width) / 2)


def as_picture(ink: Ink, pen_px: float) -> Picture:
    """What a canvas with a round pen of `pen_px` would be saved as: light ink on black."""
    fine = 2
    image = Image.new("L", (ink.width * fine, ink.height * fine), 0)
    draw, reach = ImageDraw.Draw(image), pen_px * fine / 2
    for stroke in ink.strokes:
        points: Stroke = stroke[:, :2] * fine
        draw.line([tuple(point) for point in points], 255, round(pen_px * fine), joint="curve")
        for x, y in points:
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), 255)
    small = image.resize((ink.width, ink.height), Image.Resampling.BOX)
    return Picture(np.asarray(small, np.uint8))
