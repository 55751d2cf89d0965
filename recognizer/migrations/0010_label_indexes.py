from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recognizer", "0009_growth")]

    operations = [
        migrations.AddIndex("label", models.Index(fields=["value", "-id"], name="label_by_value")),
        migrations.AddIndex("label", models.Index(fields=["created_at"], name="label_by_time")),
    ]
