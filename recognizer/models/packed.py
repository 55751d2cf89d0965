"""Bitmaps and scores as a few bytes: what a drawing keeps most of.

Both say in their first byte how they are packed, so that a better way can come later and what is
stored stays readable. Unpacked they are exactly what was packed.
"""

import json
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import models

from ml.contract import DIGITS, IMAGE_SIZE

BITMAP_BYTES = IMAGE_SIZE * IMAGE_SIZE
_RUNS, _ONE_DIGIT, _AS_JSON = 1, 1, 2
_MILLIONTHS, _HUNDREDTHS = 1_000_000, 100
_MOST = 2**35

Symbols = list[dict[str, Any]]


def pack_bitmap(bitmap: bytes) -> bytes:
    """The 784 bytes that a model saw as about 190: mostly runs of paper and of ink."""
    if len(bitmap) != BITMAP_BYTES:
        return bitmap
    # Of all that zlib can do, looking only for runs is the smallest here, and the fastest.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    packed = bytes([_RUNS]) + packer.compress(bitmap) + packer.flush()
    return packed if len(packed) < BITMAP_BYTES else bitmap


def unpack_bitmap(packed: bytes) -> bytes:
    """What `pack_bitmap` packed; one that was stored as it is stays as it is.

    Raises:
        ValueError: it is packed in no way that is known.
    """
    # What was packed is always smaller, and what was stored before there was packing is not.
    if len(packed) >= BITMAP_BYTES or not packed:
        return packed
    if packed[0] != _RUNS:
        raise ValueError(f"Unknown bitmap format {packed[0]}.")
    return zlib.decompress(packed[1:], -zlib.MAX_WBITS)


def pack_symbols(symbols: Symbols) -> bytes:
    """What was read, with a score for each class, as about 25 bytes.

    So few where it is one symbol, a digit, with scores of six places as `recognition` gives
    them; anything else is JSON.
    """
    numbers = _as_numbers(symbols)
    if numbers is None:
        text = json.dumps(symbols, separators=(",", ":"), ensure_ascii=False)
        return bytes([_AS_JSON]) + zlib.compress(text.encode(), 9)
    return bytes([_ONE_DIGIT]) + b"".join(map(_varint, numbers))


def unpack_symbols(packed: bytes) -> Symbols:
    """What `pack_symbols` packed.

    Raises:
        ValueError: it is packed in no way that is known.
    """
    if packed[:1] == bytes([_AS_JSON]):
        symbols: Symbols = json.loads(zlib.decompress(packed[1:]))
        return symbols
    if packed[:1] != bytes([_ONE_DIGIT]):
        raise ValueError(f"Unknown format of scores {packed[:1]!r}.")
    numbers = _varints(packed[1:])
    scores = [number / _MILLIONTHS for number in islice(numbers, len(DIGITS))]
    box = [number / _HUNDREDTHS for number in numbers]
    return [_symbol(scores, box)]


def _symbol(scores: list[float], box: list[float]) -> dict[str, Any]:
    best = max(scores)
    return {
        "label": DIGITS[scores.index(best)],
        "confidence": best,
        "probabilities": dict(zip(DIGITS, scores, strict=True)),
        "box": box,
    }


def _as_numbers(symbols: Symbols) -> list[int] | None:
    """Whole numbers that give back exactly these symbols; None if none do."""
    try:
        (symbol,) = symbols
        scores = [round(symbol["probabilities"][name] * _MILLIONTHS) for name in DIGITS]
        box = [round(side * _HUNDREDTHS) for side in symbol["box"]]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not all(0 <= number < _MOST for number in scores + box):
        return None
    back = _symbol(
        [number / _MILLIONTHS for number in scores], [number / _HUNDREDTHS for number in box]
    )
    same_order = list(symbol["probabilities"]) == list(DIGITS)
    return scores + box if same_order and back == symbol else None


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varints(packed: bytes) -> Iterator[int]:
    number, shift = 0, 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number, shift = 0, 0


class BitmapField(models.BinaryField):  # type: ignore[type-arg]  # only the stubs are generic
    """What a model saw: 784 bytes in Python, packed in the database.

    Kept rather than drawn again from the strokes: it is what a replay, the gate and a training
    read, and it has to stay what it was when `ml.drawing.preprocessing` changes.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else unpack_bitmap(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        packed = None if value is None else pack_bitmap(bytes(value))
        return super().get_db_prep_value(packed, connection, prepared)

    def deconstruct(self) -> Any:
        return _as_binary(super().deconstruct())


class SymbolsField(models.BinaryField):  # type: ignore[type-arg]  # only the stubs are generic
    """A list of symbols in Python, packed in the database."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Symbols | None:
        return None if value is None else unpack_symbols(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        packed = None if value is None else pack_symbols(value)
        return super().get_db_prep_value(packed, connection, prepared)

    def deconstruct(self) -> Any:
        return _as_binary(super().deconstruct())


def _as_binary(deconstructed: Any) -> Any:
    """To migrations the bytes are what they are."""
    name, _, args, kwargs = deconstructed
    return name, "django.db.models.BinaryField", args, kwargs
