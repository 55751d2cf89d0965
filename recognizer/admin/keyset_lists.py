"""Lists of millions of rows that cost as much as lists of thousands.

They never count the whole table or skip the rows before a page. The years, months and days to
choose from follow from the first and the last row.
"""

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import build_q_object_from_lookup_parameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.dateformat import format as date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from recognizer.admin.read_only import ReadOnlyAdmin, Row
from recognizer.language.formats import grouped
from recognizer.models import Drawing, keyset
from recognizer.models.keyset import Cursor

MOST_COUNTED = 10_000
LOOKED_AT = 5000
"""For filters without an index, a page scans at most this many drawings, however few match."""

SCATTERED_LOOKED_AT = 500
"""The limit if another filter leaves drawings that lie far apart: each costs ten times more."""

_BACKWARDS = "before "


class AtLeast(int):
    """A count that stopped early: there are at least this many."""

    def __str__(self) -> str:
        return f"{grouped(int(self))}+"


class About(int):
    """An estimated count."""

    def __str__(self) -> str:
        return _("about %(count)s") % {"count": grouped(int(self))}


def count_at_most(rows: QuerySet[Any], most: int) -> int:
    """Count the rows, but only up to `most`."""
    count = rows.order_by().values("pk")[: most + 1].count()
    return count if count <= most else AtLeast(most)


def estimated_count(model: Any) -> int:
    """Estimate how many rows a table has, without scanning it.

    PostgreSQL has an estimate in its statistics. For SQLite the newest key serves, so deleted
    rows are counted too.
    """
    if connection.vendor != "postgresql":
        return About(model.objects.order_by().aggregate(newest=Max("pk"))["newest"] or 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
            [f'"{model._meta.db_table}"'],
        )
        (count,) = cursor.fetchone()
    return About(max(count, 0))  # -1 before the first VACUUM or ANALYZE


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # only the stubs are generic
    """Pages of the first 10,000 rows; filters and dates reach the others."""

    @cached_property
    def count(self) -> int:
        assert isinstance(self.object_list, QuerySet)
        return count_at_most(self.object_list, MOST_COUNTED)


class DatedList(ChangeList):
    """A list whose years, months and days cost two queries."""

    date_hierarchy: str
    by_time = "pk"
    """The order in which the first and last row are found: that of time, or nearly."""

    @cached_property
    def dates(self) -> dict[str, Any]:
        """The choices that Django's date hierarchy shows."""
        first, last = self._ends()
        if first is None or last is None:
            return {}
        chosen = [
            self.params.get(f"{self.date_hierarchy}__{part}") for part in ("year", "month", "day")
        ]
        year, month, day = (int(part) if part else None for part in chosen)
        if year is None:
            years = range(first.year, last.year + 1)
            return _links(None, [(str(one), self._link(year=one)) for one in years])
        if month is None:
            months = [date(year, one, 1) for one in range(1, 13)]
            shown = [one for one in months if first.replace(day=1) <= one <= last]
            choices = [
                (date_format(one, "F Y"), self._link(year=year, month=one.month)) for one in shown
            ]
            return _links(("All dates", self._link()), choices)
        if day is None:
            days = [date(year, month, one + 1) for one in range(monthrange(year, month)[1])]
            choices = [
                (date_format(one, "F j"), self._link(year=year, month=month, day=one.day))
                for one in days
                if first <= one <= last
            ]
            return _links((str(year), self._link(year=year)), choices)
        back = (date_format(date(year, month, 1), "F Y"), self._link(year=year, month=month))
        return _links(back, [(date_format(date(year, month, day), "F j"), "")])

    def _ends(self) -> tuple[date | None, date | None]:
        times = self.root_queryset.order_by(self.by_time).values_list(
            self.date_hierarchy, flat=True
        )
        first, last = times.first(), times.last()
        return first and localtime(first).date(), last and localtime(last).date()

    def _link(self, **chosen: int) -> str:
        new = {f"{self.date_hierarchy}__{part}": value for part, value in chosen.items()}
        return self.get_query_string(new, [f"{self.date_hierarchy}__"])


def _links(back: tuple[str, str] | None, choices: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "back": back and {"title": back[0], "link": back[1]},
        "choices": [{"title": title, "link": link} for title, link in choices],
    }


class KeysetList(DatedList):
    """A list in order of time, paged by cursor instead of page number.

    `before` and `after` are the URLs of the neighbouring pages, "" where there is none.
    `looked_to` is the day at which a page stopped scanning before it was full.
    """

    by_time = "created_at"

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering = super().get_ordering(request, queryset)
        self.oldest_first = ordering[:1] == [self.date_hierarchy]
        return (
            [self.date_hierarchy, "pk"] if self.oldest_first else [f"-{self.date_hierarchy}", "-pk"]
        )

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        self._lookups: Any = found[2]
        return found

    def get_results(self, request: HttpRequest) -> None:
        page = request.GET.get(PAGE_VAR, "")
        back = page.startswith(_BACKWARDS)
        cursor = _parsed(page.removeprefix(_BACKWARDS))
        upwards = self.oldest_first != back
        rows = _beyond(self.queryset.reverse() if back else self.queryset, cursor, upwards)
        last = self._last_looked_at(request, cursor, upwards)
        found = list(_up_to(rows, last, upwards)[: self.list_per_page + 1])
        full = len(found) > self.list_per_page
        shown = found[: self.list_per_page]
        far = _cursor(shown[-1]) if full else last
        ahead = self._page(back, far) if far else ""
        behind = self._behind(back, shown[:1], cursor, upwards)
        self.before, self.after = (ahead, behind) if back else (behind, ahead)
        self.looked_to = last and not full and localtime(last[0]).date()
        self._show(shown[::-1] if back else shown, whole=not ahead and cursor is None)

    def _last_looked_at(
        self, request: HttpRequest, cursor: Cursor | None, upwards: bool
    ) -> Cursor | None:
        """Where this page stops scanning; None if an index finds its drawings."""
        each = [spec for spec in self.filter_specs if spec.used_parameters and _one_by_one(spec)]
        in_search = self.model_admin.searches_one_by_one(self.query)  # type: ignore[attr-defined]
        if not each and not in_search:
            return None
        by_name = bool(self.query) and not in_search
        scattered = by_name or any(getattr(spec, "scattered", False) for spec in self.filter_specs)
        most = SCATTERED_LOOKED_AT if scattered else LOOKED_AT
        self.looked_at = grouped(most)
        rows = _beyond(self._among(request, each, by_name), cursor, upwards)
        rows = rows.order_by(*(("created_at", "pk") if upwards else ("-created_at", "-pk")))
        last = list(rows.values_list("created_at", "pk")[most - 1 : most + 1])
        return last[0] if len(last) == 2 else None

    def _among(self, request: HttpRequest, each: list[Any], by_name: bool) -> QuerySet[Any]:
        """The drawings to scan: those that match every filter with an index."""
        rows = self.root_queryset.select_related(None).prefetch_related(None)
        for spec in self.filter_specs:
            narrow = getattr(spec, "by_index", None) if spec in each else spec.queryset
            narrowed = narrow(request, rows) if narrow else None
            rows = rows if narrowed is None else narrowed
        rows = rows.filter(build_q_object_from_lookup_parameters(self._lookups))
        if by_name:
            rows, _distinct = self.model_admin.get_search_results(request, rows, self.query)
        return rows

    def _behind(self, back: bool, first: list[Any], cursor: Cursor | None, upwards: bool) -> str:
        if cursor is None:
            return ""
        at, pk = cursor  # for an empty page, this row belongs on the page before
        near = _cursor(first[0]) if first else (at, max(0, pk + (1 if upwards else -1)))
        return self._page(not back, near)

    def _page(self, back: bool, cursor: Cursor) -> str:
        direction = _BACKWARDS if back else ""
        return self.get_query_string({PAGE_VAR: direction + _encoded(cursor)})

    def _show(self, shown: list[Any], *, whole: bool) -> None:
        self.result_list = shown
        narrowed = set(self.filter_params) - {ORDER_VAR}
        about = AtLeast(len(shown)) if narrowed else estimated_count(self.model)
        self.result_count = len(shown) if whole else max(about, AtLeast(len(shown)))
        # Without filters both counts are equal, so Django shows no number of results.
        self.full_result_count = None if narrowed else self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator([], self.list_per_page)


def _one_by_one(spec: Any) -> bool:
    return getattr(spec, "one_by_one", False)


def _cursor(row: Any) -> Cursor:
    return row.created_at, row.pk


def _encoded(cursor: Cursor) -> str:
    return f"{cursor[0].isoformat()} {cursor[1]}"


def cursor_in_address(row: Any) -> str:
    """The cursor after a row of the list, for PAGE_VAR in a URL."""
    return _encoded(_cursor(row))


def _parsed(text: str) -> Cursor | None:
    """None, the beginning, for "" and for a page number, which old URLs have."""
    if not text or text.isdecimal():
        return None
    moment, _space, pk = text.rpartition(" ")
    try:
        at, key = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        at, key = datetime.min, -1  # noqa: DTZ901  refused right below
    if at.tzinfo is None or not 0 <= key < 2**63:
        raise IncorrectLookupParameters("There is no such place in the list.")
    return at, key


def _beyond(rows: QuerySet[Any], cursor: Cursor | None, upwards: bool) -> QuerySet[Any]:
    if cursor is None:
        return rows
    further = keyset.after if upwards else keyset.before
    return further(rows, "created_at", cursor)


def _up_to(rows: QuerySet[Any], last: Cursor | None, upwards: bool) -> QuerySet[Any]:
    if last is None:
        return rows
    nearer = keyset.before if upwards else keyset.after
    return nearer(rows, "created_at", last, inclusive=True)


class NewestKeyFirst(DatedList):
    """A list ordered by key, or by time within a period, where the index on time is used."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        if any(name.startswith(f"{self.date_hierarchy}__") for name in self.params):
            return [f"-{self.date_hierarchy}", "-pk"]
        return super().get_ordering(request, queryset)


class DatedAdmin(ReadOnlyAdmin[Row]):
    """Counts at most 10,000 rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # facets count everything
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestKeyFirst


class KeysetAdmin(ReadOnlyAdmin[Drawing]):
    """The list of drawings."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # facets count everything

    def searches_one_by_one(self, term: str) -> bool:
        """Whether no index answers this search."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList
