"""Export and import of labelled drawings as NPZ, CSV with PNGs, IDX or JSON.

NPZ and CSV with PNGs hold everything: the drawing, its bitmap, label, label state, id and time, and
a pseudonym of its contributor. A round trip gives the same drawings back, byte for byte.
IDX is MNIST's own format and holds only 28x28 images with digits.
"""

from recognizer.exchange.everything import everything
from recognizer.exchange.exporting import FORMATS, export, filename
from recognizer.exchange.importing import Imported, import_drawings
from recognizer.exchange.limits import ON_THE_COMMAND_LINE, ON_THE_WEB, Limits
from recognizer.exchange.record import ExchangeError

__all__ = [
    "FORMATS",
    "ON_THE_COMMAND_LINE",
    "ON_THE_WEB",
    "ExchangeError",
    "Imported",
    "Limits",
    "everything",
    "export",
    "filename",
    "import_drawings",
]
