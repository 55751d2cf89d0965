import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

NAME_LENGTH = 60

_MARK = "hwr_"
"""What every secret begins with, so that scanners find one that was published."""

_SECRET_BYTES = 32
_SHOWN = len(_MARK) + 6
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def issue(
        self,
        user: AbstractBaseUser,
        name: str,
        scopes: list[str],
        *,
        expires_at: datetime | None = None,
    ) -> tuple["ApiToken", str]:
        """A new token and its secret, which is kept nowhere."""
        secret = _MARK + secrets.token_urlsafe(_SECRET_BYTES)
        token = self.create(
            user_id=user.pk,
            name=name,
            scopes=[scope for scope in ApiToken.Scope.values if scope in scopes],
            digest=_digest(secret),
            prefix=secret[:_SHOWN],
            expires_at=expires_at,
        )
        return token, secret

    def valid(self) -> Self:
        """Those that open something now."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def find(self, secret: str) -> "ApiToken | None":
        """The valid token of this secret, with its user, in one query."""
        return self.valid().select_related("user").filter(digest=_digest(secret)).first()


class ApiToken(models.Model):
    """A key with which a program acts for a user, within its scopes and what the user may."""

    class Scope(models.TextChoices):
        PREDICT = "predict", gettext_lazy("read drawings without storing them")
        SAVE = "save", gettext_lazy("store, correct, share and delete my drawings")
        READ = "read", gettext_lazy("see my stored drawings")
        STAFF = "staff", gettext_lazy("do what I may do as staff")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=NAME_LENGTH, help_text="What it is for.")
    # Of 256 random bits, so neither salt nor slow hashing would add anything.
    digest = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    prefix = models.CharField("begins with", max_length=16, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField("created", auto_now_add=True)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def note_use(self) -> None:
        """Keep when it was used, at most once a minute."""
        now = timezone.now()
        due = now - _USE_IS_NOTED_EVERY
        if self.last_used_at is None or self.last_used_at < due:
            stale = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=due))
            stale.filter(pk=self.pk).update(last_used_at=now)

    def revoke(self) -> bool:
        """Make it dead for good; False if it was already."""
        alive = ApiToken.objects.filter(pk=self.pk, revoked_at=None)
        return bool(alive.update(revoked_at=timezone.now()))

    @property
    def state(self) -> str:
        """In a word: valid, revoked or expired."""
        if self.revoked_at:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if expired else "valid"

    @property
    def scopes_in_words(self) -> str:
        return ", ".join(self.scopes)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
