"""Indexes for lists of labels; and those by owner without the drawings that have no such owner."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recognizer", "0009_growth")]

    operations = [
        migrations.AddIndex("label", models.Index(fields=["value", "-id"], name="label_by_value")),
        migrations.AddIndex("label", models.Index(fields=["created_at"], name="label_by_time")),
        migrations.RemoveIndex("drawing", "drawing_by_user"),
        migrations.RemoveIndex("drawing", "drawing_by_visitor"),
        *(
            migrations.AddIndex(
                "drawing",
                models.Index(
                    fields=[owner, "-created_at"],
                    condition=Q(**{f"{owner}__isnull": False}),
                    name=f"drawing_by_{owner}",
                ),
            )
            for owner in ("user", "visitor")
        ),
    ]
