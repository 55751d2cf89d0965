"""The staff pages: review drawings and labels, retrain, promote."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin import names
from recognizer.admin.accounts import GroupAdmin, UserAdmin
from recognizer.admin.api_tokens import ApiTokenAdmin
from recognizer.admin.drawings import DrawingAdmin
from recognizer.admin.labels import LabelAdmin
from recognizer.admin.model_versions import ModelVersionAdmin
from recognizer.admin.promotions import PromotionAdmin
from recognizer.admin.reviews import ReviewAdmin
from recognizer.admin.signing_in import SignInForm
from recognizer.admin.staff_acts import StaffActAdmin
from recognizer.admin.training_runs import TrainingRunAdmin

__all__ = [
    "ApiTokenAdmin",
    "DrawingAdmin",
    "GroupAdmin",
    "LabelAdmin",
    "ModelVersionAdmin",
    "PromotionAdmin",
    "ReviewAdmin",
    "StaffActAdmin",
    "TrainingRunAdmin",
    "UserAdmin",
]

names.translate()

admin.site.login_form = SignInForm
admin.site.site_header = gettext_lazy("Handwriting recogniser")
admin.site.site_title = gettext_lazy("Handwriting recogniser")
admin.site.index_title = gettext_lazy("Review and retrain")
