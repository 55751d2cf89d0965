"""Pictures as people send them, sound and broken."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

from devtools import golden


def picture_of(
    digit: str,
    *,
    ink: int | tuple[int, ...] = 0,
    paper: int | tuple[int, ...] = 255,
    mode: str = "L",
) -> Image.Image:
    image = Image.new(mode, (300, 300), paper)
    for stroke in golden.STROKES[digit]:
        ImageDraw.Draw(image).line([tuple(point) for point in stroke], ink, 16, "curve")
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of 50,000 x 50,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(6251) * 500)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


TRUNCATED_JPEG = encoded(picture_of("3"), "JPEG")[:800]
