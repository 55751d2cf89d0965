"""The preview image of a share link, 1200 x 630 pixels as Open Graph recommends."""

from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from recognizer.drawings.rendering import INK, PAPER, encoded, painted
from recognizer.language.predictions import percent, prediction_in_words
from recognizer.models import Drawing

SIZE = WIDTH, HEIGHT = 1200, 630
_MARGIN = 60
_SHEET = HEIGHT - 2 * _MARGIN
_RADIUS = 36
_DESK, _EDGE, _MUTED, _ACCENT = (246, 245, 241), (217, 214, 204), (92, 97, 117), (59, 79, 216)


def share_card(drawing: Drawing) -> bytes:
    """A PNG file that shows the drawing and its prediction."""
    card = Image.new("RGB", SIZE, _DESK)
    _lay_sheet(card, drawing)
    brush = ImageDraw.Draw(card)
    left = _MARGIN + _SHEET + _MARGIN
    room = WIDTH - left - _MARGIN
    prediction = drawing.predictions.served()
    text = prediction.text if prediction else ""
    if text and prediction:
        _write(brush, (left, 130), _("Read as"), 44, _MUTED, room)
        _write(brush, (left, 180), text, 240, _ACCENT, room)
        sure = _("%(percent)s sure") % {"percent": percent(prediction.confidence)}
        _write(brush, (left, 440), sure, 44, INK, room)
    else:
        _write(brush, (left, 260), prediction_in_words(prediction), 64, INK, room)
    _write(brush, (left, HEIGHT - _MARGIN - 36), _("Handwriting recogniser"), 32, _MUTED, room)
    return encoded(card)


def _lay_sheet(card: Image.Image, drawing: Drawing) -> None:
    box = (_MARGIN, _MARGIN, _MARGIN + _SHEET, _MARGIN + _SHEET)
    ImageDraw.Draw(card).rounded_rectangle(box, _RADIUS, fill=PAPER, outline=_EDGE, width=2)
    inner = _SHEET - 2 * _RADIUS
    card.paste(painted(drawing, inner), (_MARGIN + _RADIUS, _MARGIN + _RADIUS))


def _write(
    brush: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    room: int,
) -> None:
    """Write text from its top left corner, shrunk to fit `room` pixels."""
    font = ImageFont.load_default(size)
    while size > 12 and brush.textlength(text, font) > room:
        size = int(size * 0.9)
        font = ImageFont.load_default(size)
    brush.text(place, text, colour, font)
