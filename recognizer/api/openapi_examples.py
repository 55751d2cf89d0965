"""Example requests of the API docs, which work as they stand."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_SEVEN = {"strokes": [[[85, 65], [190, 65], [125, 225]]], "width": 280, "height": 280}
_ONE = {"strokes": [[[115, 85], [145, 55], [145, 225]]], "width": 280, "height": 280}
_FOUR = {
    "image": "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAADgAAAA4AgMAAADV6NONAAAADFBMVEX////9/f2vr68GBgZKc6AsAAABAElEQVR42r2S"
    "MU4DMRBFn3e9adJYUaDlAilo0ruhChJpVpEQh+EQFIgDpIGCG2SLSLTbcIAUVFBQREgo3gzFOpsxxVYIV/7+M99/vg3/"
    "u+YJMjZuMgDym4QdfXsNF3uni7ckvWPxCpp696lZ12ilYrXR0Mqb9nUq6+grAwjU2tdCXPSVAWyFaVEfoBnLuVX31juC"
    "gvNGe879R6WLfTLRiOfScdFlIbcM93jAAlNeywHXy8jORERE7mKqZy3cdOOjlGVCl58FXh6huHp6OIQBDAMubpsSBqZ8"
    "r44as3AcP1Fu+wM9bD9M3hdT9bG/emXSZpvH45Ov+6TMJr3m8q//9Q8pf0Vx0+K72wAAAABJRU5ErkJggg=="
}


def _example(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True, media_type="application/json")


ONE_DRAWING = [_example("Strokes", _SEVEN), _example("Picture", _FOUR)]
ONE_OR_MANY = [*ONE_DRAWING, _example("Batch", {"items": [_SEVEN, _ONE, _FOUR]})]
CHANGES = [
    _example("Label and title", {"label": "7", "title": "My seven"}),
    _example("Label", {"label": "7"}),
    _example("Title", {"title": "My seven"}),
]
