"""What a request's body draws: strokes, an image, or up to MOST_ITEMS of them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from ml.contract import Drawn, InkError
from ml.drawing.strokes import MAX_CANVAS_PX, parse_strokes
from recognizer.api.serializers import DrawingInputSerializer

MOST_ITEMS = 256
_STROKES = {"strokes", "width", "height"}


def drawn_of(data: Any) -> Drawn:
    """One drawing.

    Raises:
        ValidationError: by field, what is wrong with it.
    """
    if type(data) is dict and data.keys() == _STROKES:
        # As the page sends it. The serializer takes longer than a network; what is not sound
        # goes there all the same, to be told why.
        width, height = data["width"], data["height"]
        if _is_side(width) and _is_side(height):
            try:
                ink = parse_strokes(data["strokes"], width, height)
            except InkError:
                pass
            else:
                if ink.strokes:
                    return ink
    serializer = DrawingInputSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    drawn: Drawn = serializer.validated_data["drawn"]
    return drawn


def _is_side(pixels: object) -> bool:
    return type(pixels) is int and 1 <= pixels <= MAX_CANVAS_PX


def items_of(data: Any) -> list[Any] | None:
    """The items of a batch, as they were sent; None if this is one drawing.

    Raises:
        ValidationError: they are no list of 1 to MOST_ITEMS.
    """
    if type(data) is not dict or "items" not in data:
        return None
    items = data["items"]
    if len(data) > 1:
        raise ValidationError({"items": [_("Send either items or one drawing.")]})
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise ValidationError(
            {"items": [_("Expected a list of 1 to %(most)s drawings.") % {"most": MOST_ITEMS}]}
        )
    return items


def all_drawn_of(items: list[Any]) -> list[Drawn]:
    """Every item's drawing.

    Raises:
        ValidationError: by an item's index, what is wrong with it; of all that are wrong.
    """
    drawn, wrong = [], {}
    for index, item in enumerate(items):
        try:
            drawn.append(drawn_of(item))
        except ValidationError as error:
            wrong[str(index)] = error.detail
    if wrong:
        raise ValidationError({"items": wrong})
    return drawn
