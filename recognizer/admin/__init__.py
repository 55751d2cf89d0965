"""The staff pages: review desk, lists and their filters, retraining, promotion, dashboard."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from recognizer.admin import verbose_names
from recognizer.admin.admin_sign_in import SignInForm
from recognizer.admin.api_tokens import ApiTokenAdmin
from recognizer.admin.audit_log import StaffActAdmin
from recognizer.admin.drawings import DrawingAdmin
from recognizer.admin.labels import LabelAdmin
from recognizer.admin.model_versions import ModelVersionAdmin
from recognizer.admin.promotions import PromotionAdmin
from recognizer.admin.reviews import ReviewAdmin
from recognizer.admin.training_runs import TrainingRunAdmin
from recognizer.admin.users import GroupAdmin, UserAdmin

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

verbose_names.translate()

admin.site.login_form = SignInForm
admin.site.site_header = gettext_lazy("Handwriting recogniser")
admin.site.site_title = gettext_lazy("Handwriting recogniser")
admin.site.index_title = gettext_lazy("Review and retrain")
