"""NumPy's .npy entries, written and read row by row, without pickles.

Source: numpy.lib.format, "NPY format".
"""

import io
import math
import zipfile
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from recognizer.exchange.entries import reading
from recognizer.exchange.record import ExchangeError
from recognizer.exchange.zip_stream import from_the_start

_LONGEST_HEADER = 1_000
_WIDEST_TEXT_BYTES = 4 * 64


class Column:
    """An array collected in a file, as its header needs the length, which is known last."""

    def __init__(self, dtype: str, *row_shape: int) -> None:
        self._dtype, self._row_shape = np.dtype(dtype), row_shape
        self._rows = 0
        self._file = TemporaryFile()  # noqa: SIM115  closed by `content`

    def add(self, rows: Any) -> None:
        """Append rows: anything that NumPy converts to an array of the column's shape."""
        array = np.asarray(rows, self._dtype).reshape(-1, *self._row_shape)
        self._file.write(array.tobytes())
        self._rows += len(array)

    def content(self) -> Iterator[bytes]:
        """The .npy file, in pieces. Can be read only once."""
        head = io.BytesIO()
        npy_format.write_array_header_1_0(
            head,
            {
                "descr": npy_format.dtype_to_descr(self._dtype),
                "fortran_order": False,
                "shape": (self._rows, *self._row_shape),
            },
        )
        yield head.getvalue()
        with self._file as file:
            yield from from_the_start(file)


class StoredArray:
    """The rows of a .npy entry, each read once, in order."""

    def __init__(self, archive: zipfile.ZipFile, name: str, kinds: str, *row_shape: int) -> None:
        """Read the entry's header.

        Args:
            kinds: the accepted dtype kinds, such as "iu".
            row_shape: the shape of one row.

        Raises:
            ExchangeError: the kind or shape is wrong, or the length differs from the header.
        """
        self.name = name
        with reading(name):
            self._stream = archive.open(name)
            shape, fortran_order, dtype = self._header()
        if dtype.hasobject:
            raise ExchangeError(f"{name} holds pickled objects, which are never read.")
        if dtype.kind not in kinds or not 0 < dtype.itemsize <= _WIDEST_TEXT_BYTES:
            raise ExchangeError(f"{name} holds {dtype}, which does not belong there.")
        if not shape or shape[1:] != row_shape or (fortran_order and len(shape) > 1):
            wanted = ", ".join(map(str, ("n", *row_shape)))
            raise ExchangeError(f"{name} has the shape {shape}, not ({wanted}) row by row.")
        self._dtype, self._row_shape, self.left = dtype, row_shape, shape[0]
        self._row_bytes = dtype.itemsize * math.prod(row_shape)
        held = archive.getinfo(name).file_size - self._stream.tell()
        if held != shape[0] * self._row_bytes:
            raise ExchangeError(f"{name} says {shape[0]} rows but holds {held} bytes of them.")

    def _header(self) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = npy_format.read_magic(self._stream)
        read = {
            (1, 0): npy_format.read_array_header_1_0,
            (2, 0): npy_format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ExchangeError(f"{self.name} is of an unknown version of the format.")
        return read(self._stream, max_header_size=_LONGEST_HEADER)

    def take(self, count: int) -> NDArray[Any]:
        """The next `count` rows.

        Raises:
            ExchangeError: fewer rows are left, or the entry is damaged.
        """
        if not 0 <= count <= self.left:
            raise ExchangeError(f"{self.name} ends too early.")
        self.left -= count
        with reading(self.name):
            content = self._stream.read(count * self._row_bytes)
        if len(content) != count * self._row_bytes:
            raise ExchangeError(f"{self.name} is cut off.")
        return np.frombuffer(content, self._dtype).reshape(count, *self._row_shape)

    def finish(self) -> None:
        """Check that all rows were read and that the entry's checksum is right.

        Raises:
            ExchangeError: rows are left, or the checksum is wrong.
        """
        if self.left:
            raise ExchangeError(f"{self.name} holds {self.left} rows too many.")
        with reading(self.name):
            self._stream.read(1)  # zipfile verifies the checksum at the end of the entry
