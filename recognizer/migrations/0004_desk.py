import hashlib
from typing import Any

import django.db.models.deletion
import numpy as np
from django.conf import settings
from django.db import migrations, models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

AT_ONCE = 500


def fingerprint(bitmap: bytes) -> int:
    pixels = np.frombuffer(bitmap, np.uint8) > 127
    digest = hashlib.blake2b(np.packbits(pixels).tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def fill_fingerprints(apps: Any, schema_editor: Any) -> None:
    drawings = apps.get_model("recognizer", "Drawing").objects.order_by("pk").only("pk", "bitmap")
    some = list(drawings[:AT_ONCE])
    while some:
        for drawing in some:
            drawing.fingerprint = fingerprint(bytes(drawing.bitmap))
        drawings.bulk_update(some, ["fingerprint"])
        some = list(drawings.filter(pk__gt=some[-1].pk)[:AT_ONCE])


def fill_review_order(apps: Any, schema_editor: Any) -> None:
    all_labels = apps.get_model("recognizer", "Label").objects
    predictions = apps.get_model("recognizer", "Prediction").objects
    labels = all_labels.filter(drawing=OuterRef("pk")).order_by()
    served = predictions.filter(drawing=OuterRef("pk"), served=True).order_by()
    read = predictions.filter(drawing=OuterRef("drawing"), served=True).order_by()
    disputed = (
        labels.filter(state="suggested")
        .annotate(read=Coalesce(Subquery(read.values("text")[:1]), Value("")))
        .exclude(value=F("read"))
        .exclude(value="not a digit", read="")
    )
    sure = Coalesce(Subquery(served.values("confidence")[:1]), 0.0)
    apps.get_model("recognizer", "Drawing").objects.update(
        review_order=Case(
            When(Exists(labels.filter(state="approved")), then=None),
            When(Exists(disputed), then=sure - 2.0),
            default=sure,
        )
    )


def settle_constraints(apps: Any, schema_editor: Any) -> None:
    """PostgreSQL makes no index on a table while checks of its changed rows are put off."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("recognizer", "0003_gate"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "queue",
                    models.CharField(
                        choices=[
                            ("unreviewed", "unreviewed"),
                            ("suspected", "suspected wrong"),
                            ("duplicates", "near-duplicates"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("label", "labelled"),
                            ("duplicate", "a duplicate"),
                            ("keep", "no duplicate, kept"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "value",
                    models.CharField(
                        blank=True, help_text="The label that was given.", max_length=16
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "before",
                    models.JSONField(editable=False, help_text="The drawing's labels before it."),
                ),
                (
                    "after",
                    models.JSONField(editable=False, help_text="The drawing's labels after it."),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "drawing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="recognizer.drawing",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=Q(undone_at__isnull=True),
                        fields=["by", "-id"],
                        name="review_last_by_person",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="drawing",
            name="fingerprint",
            field=models.BigIntegerField(default=0, editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="drawing",
            name="review_order",
            field=models.FloatField(
                default=0.0,
                editable=False,
                help_text="Confidence, less 2 where disputed; empty once decided.",
                null=True,
            ),
        ),
        migrations.RunPython(fill_fingerprints, migrations.RunPython.noop),
        migrations.RunPython(fill_review_order, migrations.RunPython.noop),
        migrations.RunPython(settle_constraints, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="drawing",
            index=models.Index(fields=["fingerprint", "id"], name="drawing_by_fingerprint"),
        ),
        migrations.AddIndex(
            model_name="drawing",
            index=models.Index(
                condition=Q(review_order__isnull=False),
                fields=["review_order", "id"],
                name="drawing_to_review",
            ),
        ),
    ]
