"""My drawings: what one person drew, newest first, in pages."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from ml.contract import DIGITS, NOT_A_DIGIT
from recognizer.drawings.access import own_drawings
from recognizer.models import Drawing, keyset
from recognizer.models.drawing import DrawingQuerySet
from recognizer.models.keyset import Cursor
from recognizer.pages.cards import Card

DRAWINGS_A_PAGE = 24
_CURSOR_SALT = "recognizer.gallery"
_UNREAD = "none"
_POINTS_OF_A_CARD = 400


@dataclass(frozen=True)
class Filters:
    """The filters that a person chose; "" is everything."""

    read: str = ""
    corrected: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        """Read the filters from a URL; an unknown value means everything."""
        read, corrected = query.get("read", ""), query.get("corrected", "")
        return cls(
            read if read in {*DIGITS, _UNREAD} else "",
            corrected if corrected in {"yes", "no"} else "",
        )

    def apply(self, drawings: DrawingQuerySet) -> DrawingQuerySet:
        if self.read:
            drawings = drawings.read_as("" if self.read == _UNREAD else self.read)
        if self.corrected:
            yes = self.corrected == "yes"
            drawings = drawings.corrected() if yes else drawings.not_corrected()
        return drawings

    def query(self, **changes: str) -> str:
        """The query string of these filters with some changed."""
        values = {"read": self.read, "corrected": self.corrected, **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value})

    @property
    def chosen(self) -> bool:
        return bool(self.read or self.corrected)


@dataclass(frozen=True)
class Choice:
    """One value of a filter, as a link."""

    words: str
    href: str
    chosen: bool


@require_safe
@ensure_csrf_cookie
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the person's own drawings; staff see everybody's in the admin."""
    filters = Filters.of(request.GET)
    mine = filters.apply(own_drawings(request))
    cursor = _parsed(request.GET.get("after", ""))
    rows = list(_rows(mine, cursor)[: DRAWINGS_A_PAGE + 1])
    shown = rows[:DRAWINGS_A_PAGE]
    more = filters.query(after=_signed(shown[-1])) if len(rows) > len(shown) else ""
    context = {
        "cards": [Card.of(drawing, _POINTS_OF_A_CARD) for drawing in shown],
        "more": more,
        "count": mine.count() if cursor or more else len(shown),
        "goes_on": cursor is not None,
        "filters": filters,
        "readings": _reading_choices(filters),
        "corrections": _correction_choices(filters),
        "digits": DIGITS,
        "not_a_digit": NOT_A_DIGIT,
        "may_sign_up": settings.ALLOW_SIGN_UP,
    }
    return render(request, "recognizer/gallery.html", context)


def _rows(drawings: DrawingQuerySet, cursor: Cursor | None) -> DrawingQuerySet:
    older = keyset.before(drawings, "created_at", cursor) if cursor else drawings
    return older.for_history()


def _signed(drawing: Drawing) -> str:
    """The cursor after this drawing. It stays valid when drawings are added or deleted."""
    cursor = [drawing.created_at.isoformat(), drawing.pk]
    return signing.dumps(cursor, salt=_CURSOR_SALT, compress=True)


def _parsed(cursor: str) -> Cursor | None:
    """None, the beginning, if this site did not sign the cursor."""
    try:
        moment, pk = signing.loads(cursor, salt=_CURSOR_SALT)
    except signing.BadSignature:
        return None
    return datetime.fromisoformat(moment), pk


def _reading_choices(filters: Filters) -> list[Choice]:
    values = {"": _("All"), **{digit: digit for digit in DIGITS}, _UNREAD: _("Not read")}
    return [
        Choice(words, filters.query(read=value), value == filters.read)
        for value, words in values.items()
    ]


def _correction_choices(filters: Filters) -> list[Choice]:
    values = {"": _("All"), "yes": _("Corrected"), "no": _("Not corrected")}
    return [
        Choice(words, filters.query(corrected=value), value == filters.corrected)
        for value, words in values.items()
    ]
