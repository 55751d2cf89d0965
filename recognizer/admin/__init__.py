"""The staff pages: review drawings and labels, retrain, promote."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin import names
from recognizer.admin.drawings import DrawingAdmin
from recognizer.admin.labels import LabelAdmin
from recognizer.admin.model_versions import ModelVersionAdmin
from recognizer.admin.promotions import PromotionAdmin
from recognizer.admin.reviews import ReviewAdmin
from recognizer.admin.training_runs import TrainingRunAdmin

__all__ = [
    "DrawingAdmin",
    "LabelAdmin",
    "ModelVersionAdmin",
    "PromotionAdmin",
    "ReviewAdmin",
    "TrainingRunAdmin",
]

names.translate()

admin.site.site_header = gettext_lazy("Handwriting recogniser")
admin.site.site_title = gettext_lazy("Handwriting recogniser")
admin.site.index_title = gettext_lazy("Review and retrain")
