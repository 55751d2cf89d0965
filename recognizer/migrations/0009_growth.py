"""For a million drawings: fewer bytes for each, and an index for what is looked for.

Of a million drawings it should take two to three minutes (reckoned from 25,000), of which most
is to pack the scores; writing waits meanwhile. Bitmaps stored before stay as they are, and readable.
"""

import json
from collections.abc import Callable
from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

import recognizer.models.held_out
from recognizer.models.packed import pack_symbols, unpack_symbols

AT_ONCE = 2000
SURE = 0.9


class DropColumnIndex(migrations.AlterField):
    """Take the index of one column away; SQLite would copy the whole table for it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        for name in schema_editor._constraint_names(model, [column], index=True, unique=False):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        for sql in schema_editor._field_indexes_sql(model, model._meta.get_field(self.name)):
            schema_editor.execute(sql)


def pack(apps: Any, schema_editor: Any) -> None:
    def packed(text: Any) -> bytes:
        symbols = text if isinstance(text, list) else json.loads(text)
        for symbol in symbols:
            # The difference of two hundredths came out as 86.14999999999998.
            symbol["box"] = [round(side, 2) for side in symbol["box"]]
        return pack_symbols(symbols)

    _convert(schema_editor, "symbols_json", "symbols", packed)


def unpack(apps: Any, schema_editor: Any) -> None:
    def unpacked(content: Any) -> str:
        return json.dumps(unpack_symbols(bytes(content)))

    _convert(schema_editor, "symbols", "symbols_json", unpacked)


def _convert(schema_editor: Any, source: str, target: str, convert: Callable[[Any], Any]) -> None:
    """In SQL, since a million rows as objects would take ten times as long."""
    newest = 0
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(
                f"SELECT id, {source} FROM recognizer_prediction"  # noqa: S608  our own names
                " WHERE id > %s ORDER BY id LIMIT %s",
                [newest, AT_ONCE],
            )
            rows = cursor.fetchall()
            if not rows:
                break
            cursor.executemany(
                f"UPDATE recognizer_prediction SET {target} = %s WHERE id = %s",  # noqa: S608
                [(convert(value), pk) for pk, value in rows],
            )
            newest = rows[-1][0]


def fill_standing(apps: Any, schema_editor: Any) -> None:
    """What `recognizer.models.review_state` keeps up to date from now on."""
    Drawing = apps.get_model("recognizer", "Drawing")
    Label = apps.get_model("recognizer", "Label")
    Prediction = apps.get_model("recognizer", "Prediction")
    Review = apps.get_model("recognizer", "Review")
    labels = Label.objects.order_by()

    def labelled(**fields: Any) -> Any:
        return Q(pk__in=labels.filter(**fields).values("drawing"))

    drawings = Drawing.objects.order_by()
    drawings.filter(labelled(state="suggested")).update(is_suggested=True)
    drawings.filter(labelled(state="approved")).update(is_approved=True)
    drawings.filter(labelled(), ~labelled(state="suggested"), ~labelled(state="approved")).update(
        is_refused=True
    )
    served = Prediction.objects.order_by().filter(drawing=OuterRef("drawing"), served=True)
    read = Coalesce(NullIf(Subquery(served.values("text")[:1]), Value("")), Value("not a digit"))
    differing = labels.exclude(state="refused").annotate(read=read).exclude(value=F("read"))
    drawings.filter(pk__in=differing.values("drawing")).update(is_corrected=True)
    older = drawings.filter(fingerprint=OuterRef("fingerprint"), pk__lt=OuterRef("pk"))
    drawings.filter(Exists(older)).update(copy_waits=True)
    decided = Review.objects.order_by().filter(undone_at=None)
    looked_at = decided.filter(queue="duplicates").values("drawing")
    drawings.filter(copy_waits=True, pk__in=looked_at).update(copy_waits=False)
    approved = labels.filter(drawing=OuterRef("drawing"), state="approved")
    confirmed = decided.filter(
        drawing=OuterRef("drawing"), queue="suspected", value=OuterRef("label")
    )
    Prediction.objects.order_by().filter(
        drawing__in=labels.filter(state="approved").values("drawing"), confidence__gte=SURE
    ).exclude(text="").annotate(label=Subquery(approved.values("value")[:1])).exclude(
        text=F("label")
    ).filter(~Exists(confirmed)).update(contradicts=True)


def settle_constraints(apps: Any, schema_editor: Any) -> None:
    """PostgreSQL makes no index on a table while checks of its changed rows are put off."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def flag(help_text: str = "") -> Any:
    return models.BooleanField(editable=False, help_text=help_text, null=True)


class Migration(migrations.Migration):
    dependencies = [
        ("recognizer", "0008_api_tokens"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameField("prediction", "symbols", "symbols_json"),
        migrations.SeparateDatabaseAndState(
            # For the way back: a column that is not empty needs something in it.
            state_operations=[
                migrations.AlterField("prediction", "symbols_json", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            "prediction",
            "symbols",
            models.BinaryField(
                default=b"", help_text="Each symbol: label, confidence, probabilities, box."
            ),
            preserve_default=False,
        ),
        migrations.RunPython(pack, unpack),
        migrations.RemoveField("prediction", "symbols_json"),
        migrations.AddField(
            "prediction", "contradicts", flag("Sure of something else than the approved label.")
        ),
        migrations.AddField("drawing", "is_suggested", flag("A label waits.")),
        migrations.AddField("drawing", "is_approved", flag()),
        migrations.AddField("drawing", "is_refused", flag("All labels are.")),
        migrations.AddField(
            "drawing",
            "is_corrected",
            flag("A label that is not refused differs from what was read."),
        ),
        migrations.AddField(
            "drawing",
            "copy_waits",
            flag("Of an older drawing; false once somebody decided, empty for what is no copy."),
        ),
        migrations.RunPython(fill_standing, migrations.RunPython.noop),
        migrations.RunPython(settle_constraints, migrations.RunPython.noop),
        DropColumnIndex(
            "drawing",
            "user",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drawings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        DropColumnIndex(
            "drawing",
            "visitor",
            models.UUIDField(
                blank=True, editable=False, null=True, verbose_name="anonymous visitor"
            ),
        ),
        DropColumnIndex(
            "drawing",
            "held_out",
            recognizer.models.held_out.HeldOutField(
                default=False,
                editable=False,
                help_text="In the drawn test set: never trained on.",
                verbose_name="kept for judging",
            ),
        ),
        DropColumnIndex(
            "prediction",
            "version",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predictions",
                to="recognizer.modelversion",
            ),
        ),
        DropColumnIndex("prediction", "text", models.CharField(blank=True, max_length=64)),
        DropColumnIndex(
            "prediction",
            "confidence",
            models.FloatField(
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(1.0),
                ]
            ),
        ),
        migrations.AddIndex(
            "prediction",
            models.Index(fields=["version", "id"], name="prediction_by_version"),
        ),
        migrations.AddIndex(
            "prediction",
            models.Index(
                condition=Q(contradicts=True),
                fields=["version", "-drawing"],
                name="prediction_contradicts",
            ),
        ),
        migrations.AddIndex(
            "drawing",
            models.Index(
                condition=Q(copy_waits=True),
                fields=["fingerprint", "id"],
                name="drawing_copy_to_review",
            ),
        ),
        *(
            migrations.AddIndex(
                "drawing",
                models.Index(
                    condition=Q(**{name: True}),
                    fields=["-created_at", "-id"],
                    name=f"drawing_{name}",
                ),
            )
            for name in ("is_suggested", "is_approved", "is_refused", "is_corrected")
        ),
    ]
