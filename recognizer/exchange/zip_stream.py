"""A ZIP file written piece by piece. Memory use does not grow with the number of entries.

`zipfile` can write to a stream too, but keeps its directory in memory until the end. Here a
temporary file holds the directory. Small entries are stored, with their sizes in the local header.
Large entries are deflated as they come, with their sizes in a ZIP64 data descriptor.

Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 4.3.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO

PIECE_BYTES = 65_536

_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4sLQQ")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_CENTRAL_64 = struct.Struct("<HHQQQ")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")

_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8
_SIZES_BEHIND = 0x08
_ON_UNIX, _VERSION_64, _VERSION = 3, 45, 20
_PLAIN_FILE = 0o100644 << 16
_1980 = (0, 0x21)
"""The format's first day, so that the same drawings make the same file, byte for byte."""


class ZipStream:
    """Each method yields the next bytes of the file."""

    def __init__(self) -> None:
        self._directory = TemporaryFile()  # noqa: SIM115  closed by `close`
        self._offset = 0
        self._entries = 0

    def small(self, name: str, content: bytes) -> Iterator[bytes]:
        """Add an entry from memory, uncompressed."""
        crc, size, start = zlib.crc32(content), len(content), self._offset
        head = _LOCAL.pack(
            *(b"PK\3\4", _VERSION, 0, _STORED, *_1980, crc, size, size, len(name), 0)
        )
        yield self._counted(head + name.encode("ascii"))
        yield self._counted(content)
        self._list_entry(name, _STORED, crc, (size, size, start))

    def large(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Add an entry of any size, deflated piece by piece."""
        start, crc, size = self._offset, 0, 0
        extra = struct.pack("<HHQQ", 1, 16, 0, 0)
        head = _LOCAL.pack(
            *(b"PK\3\4", _VERSION_64, _SIZES_BEHIND, _DEFLATED, *_1980),
            *(0, _FULL_32, _FULL_32, len(name), len(extra)),
        )
        yield self._counted(head + name.encode("ascii") + extra)
        body = self._offset
        squeeze = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces:
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            yield self._counted(squeeze.compress(piece))
        yield self._counted(squeeze.flush())
        packed = self._offset - body
        yield self._counted(_DESCRIPTOR.pack(b"PK\7\10", crc, packed, size))
        self._list_entry(name, _DEFLATED, crc, (size, packed, start))

    def close(self) -> Iterator[bytes]:
        """Finish the file with its directory."""
        start = self._offset
        with self._directory as directory:
            for piece in from_the_start(directory):
                yield self._counted(piece)
        size, end = self._offset - start, self._offset
        if self._entries >= _FULL_16 or end >= _FULL_32:
            yield _END_64.pack(
                *(b"PK\6\6", _END_64.size - 12, _VERSION_64, _VERSION_64, 0, 0),
                *(self._entries, self._entries, size, start),
            )
            yield _LOCATOR_64.pack(b"PK\6\7", 0, end, 1)
        count = min(self._entries, _FULL_16)
        yield _END.pack(
            *(b"PK\5\6", 0, 0, count, count, min(size, _FULL_32), min(start, _FULL_32), 0)
        )

    def _counted(self, piece: bytes) -> bytes:
        self._offset += len(piece)
        return piece

    def _list_entry(self, name: str, method: int, crc: int, where: tuple[int, int, int]) -> None:
        """Add an entry to the directory; `where` is its size, packed size and offset."""
        size, packed, start = where
        deflated = method == _DEFLATED
        extra = b""
        if deflated or start >= _FULL_32:
            extra = _CENTRAL_64.pack(1, 24, size, packed, start)
            size = packed = start = _FULL_32
        version = _VERSION_64 if extra else _VERSION
        self._directory.write(
            _CENTRAL.pack(
                *(b"PK\1\2", version, _ON_UNIX, version, 0),
                *(_SIZES_BEHIND if deflated else 0, method, *_1980, crc, packed, size),
                *(len(name), len(extra), 0, 0, 0, _PLAIN_FILE, start),
            )
        )
        self._directory.write(name.encode("ascii") + extra)
        self._entries += 1


def from_the_start(file: IO[bytes]) -> Iterator[bytes]:
    """The content of a file, in pieces."""
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        yield piece


def in_pieces(chunks: Iterable[bytes], size: int = PIECE_BYTES) -> Iterator[bytes]:
    """The same bytes in pieces of at least `size`; the last may be shorter."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= size:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
