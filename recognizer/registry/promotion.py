"""Register versions, promote one, roll back to the one before."""

import contextlib
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from ml import pretrained
from ml.data.dataset import file_sha256
from ml.reading.inference import ArtifactError
from recognizer.language.stored_messages import message
from recognizer.models import ModelVersion, Promotion, TrainingRun, Verdict
from recognizer.models.model_version import version_folder
from recognizer.registry import active_model, reasons


class PromotionError(ValueError):
    """A version cannot be made active; the message says why."""


class NotPassedError(PromotionError):
    """A version has not passed against the active one; promoting it needs an override."""


def register_shipped_model() -> ModelVersion:
    """Register the shipped model if needed, and promote it if no version is active.

    Safe to call at every start.
    """
    version = ModelVersion.objects.filter(run=None).order_by("number").first()
    if version is None:
        version = register(pretrained.FOLDER, run=None)
    elif not version.web_sha256 and version.sha256 == file_sha256(pretrained.ARTIFACT):
        _add_web_model(version, pretrained.WEB)
    if ModelVersion.objects.active() is None:
        promote(version, by=None, reason=message("shipped"))
        version.refresh_from_db()
    return version


def register(folder: Path, *, run: TrainingRun | None) -> ModelVersion:
    """Store the result of `python -m ml train` in `folder` as a candidate.

    Call this in the transaction that also ends the run, so that each run creates at
    most one version. Call `remove_leftovers` if that transaction fails later.

    Raises:
        OSError: the files cannot be stored; files already stored are removed.
    """
    result = pretrained.result(folder)
    artifact, weights = folder / pretrained.ARTIFACT.name, folder / pretrained.WEIGHTS.name
    with transaction.atomic():
        version = ModelVersion(
            number=_next_number(),
            architecture=result["plan"]["architecture"],
            classes=result["plan"]["classes"],
            reject_above=result["calibration"]["reject_above"],
            sha256=file_sha256(artifact),
            weights_sha256=file_sha256(weights),
            metrics=result["metrics"],
            run=run,
        )
        files = [(version.artifact, artifact), (version.weights, weights)]
        web_model = folder / pretrained.WEB.name
        if web_model.exists():
            files.append((version.web_model, web_model))
            version.web_sha256 = file_sha256(web_model)
        # A worker killed at this point leaves files behind.
        kept = _remove_unclaimed_files(version.number)
        try:
            for field, path in files:
                with path.open("rb") as file:
                    field.save(path.name, File(file), save=False)
            version.save(force_insert=True)
        except BaseException:
            with contextlib.suppress(OSError):  # otherwise the next `register` removes them
                _remove_files(version.number, kept)
            raise
    return version


def _add_web_model(version: ModelVersion, path: Path) -> None:
    """Add the browser model to a shipped version registered before browser models existed."""
    with path.open("rb") as file:
        version.web_model.save(path.name, File(file), save=False)
    version.web_sha256 = file_sha256(path)
    version.save(update_fields=["web_model", "web_sha256"])


def remove_leftovers() -> None:
    """Delete the files of a `register` that was rolled back."""
    with transaction.atomic():
        _remove_unclaimed_files(_next_number())


def _next_number() -> int:
    """Reserve the next version number, and its folder, for this transaction."""
    # no_key: drawings being saved refer to these rows and must not wait for this lock.
    list(ModelVersion.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return ModelVersion.objects.next_number()


def _remove_unclaimed_files(number: int) -> set[str]:
    """Delete files in a version's folder that its row does not name; return the rest."""
    versions = ModelVersion.objects.filter(number=number)
    rows = versions.values_list("artifact", "weights", "web_model")
    kept = {name for names in rows for name in names}
    _remove_files(number, kept)
    return kept


def _remove_files(number: int, kept: set[str]) -> None:
    """Delete all files in a version's folder except `kept`."""
    folder = version_folder(number)
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        if f"{folder}/{name}" not in kept:
            default_storage.delete(f"{folder}/{name}")


def promote(
    version: ModelVersion,
    *,
    by: AbstractBaseUser | None,
    reason: str = "",
    rollback: bool = False,
    override: bool = False,
) -> Promotion:
    """Make a version the active one; every web process loads it within a second.

    Args:
        override: promote without a passed verdict against the active version. This
            requires a reason, and the promotion is marked as an override.

    Raises:
        NotPassedError: there is no such verdict, and no override with a reason.
        PromotionError: the version is already active, or its artifact cannot be loaded.
    """
    try:
        active_model.load(version, as_stored=True)
    except (ArtifactError, OSError) as error:
        raise PromotionError(
            _("%(version)s cannot be loaded: %(why)s") % {"version": version, "why": error}
        ) from error
    with transaction.atomic():
        # Locking every version serialises concurrent promotions.
        versions = {row.pk: row for row in ModelVersion.objects.select_for_update().order_by("pk")}
        chosen = versions[version.pk]
        if chosen.state == ModelVersion.State.ACTIVE:
            raise PromotionError(_("%(version)s is active already.") % {"version": version})
        replaced = next(
            (row for row in versions.values() if row.state == ModelVersion.State.ACTIVE), None
        )
        objection = "" if rollback else why_not(chosen, replaced)
        if objection and not (override and reason.strip()):
            raise NotPassedError(objection)
        ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).update(
            state=ModelVersion.State.RETIRED
        )
        ModelVersion.objects.filter(pk=chosen.pk).update(state=ModelVersion.State.ACTIVE)
        version.state = ModelVersion.State.ACTIVE
        return Promotion.objects.create(
            version=chosen, replaced=replaced, promoted_by_id=by.pk if by else None,
            reason=reason, rollback=rollback, override=bool(objection),
        )  # fmt: skip


def why_not(version: ModelVersion, active: ModelVersion | None) -> str:
    """The objection to promoting a version; "" if there is none.

    The shipped version needs no verdict: it was evaluated before the release.
    """
    if version.run_id is None:
        return ""
    if active is None:
        return _("No version is active, so %(version)s could not be compared with one.") % {
            "version": version
        }
    verdict = Verdict.objects.all().newest(version, active)
    if verdict is None:
        return _("%(version)s has not been compared with %(active)s, the active version.") % {
            "version": version,
            "active": active,
        }
    if verdict.passed:
        return ""
    words = _("%(version)s was compared with %(active)s: %(reason)s")
    return words % {"version": version, "active": active, "reason": reasons.of_verdict(verdict)}


def roll_back(*, by: AbstractBaseUser | None, reason: str = "") -> ModelVersion:
    """Promote the version that was active before the current one.

    Rolling back twice goes back two versions, not back and forth.

    Raises:
        PromotionError: there is no earlier version, or it cannot be loaded.
    """
    answered: list[ModelVersion] = []
    for promotion in Promotion.objects.select_related("version").order_by("promoted_at", "pk"):
        if promotion.rollback:
            del answered[-1:]
        else:
            answered.append(promotion.version)
    if len(answered) < 2:
        raise PromotionError(_("No version was active before this one."))
    promote(answered[-2], by=by, reason=reason, rollback=True)
    return answered[-2]
