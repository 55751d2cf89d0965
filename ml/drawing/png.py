"""The smallest pictures of the site, written without a general encoder: half the time."""

import struct
import zlib

from ml.contract import IMAGE_SIZE


def bitmap_png(bitmap: bytes) -> bytes:
    """A 28x28 greyscale PNG from 784 bytes, row by row."""
    starts = range(0, IMAGE_SIZE * IMAGE_SIZE, IMAGE_SIZE)
    # Each row begins with its filter: 0, none.
    rows = b"".join(b"\0" + bitmap[start : start + IMAGE_SIZE] for start in starts)
    return _HEAD + _chunk(b"IDAT", zlib.compress(rows, 1)) + _END


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


# Eight bits of grey; the zeros are the only compression, filter and order that there are.
_SIZE = struct.pack(">IIBBBBB", IMAGE_SIZE, IMAGE_SIZE, 8, 0, 0, 0, 0)
_HEAD = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", _SIZE)
_END = _chunk(b"IEND", b"")
