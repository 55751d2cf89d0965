"""Which version answers: register, promote, roll back."""

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
    """This version cannot be made active; the message says why."""


class NotPassedError(PromotionError):
    """No comparison with the active version speaks for it; it takes an override with a reason."""


def register_shipped_model() -> ModelVersion:
    """Make the model that ships with the project version 1, and active if none is.

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
    """Store what `python -m ml train` left in `folder` as a candidate.

    Call it inside a transaction that also ends the run, so that a run makes
    exactly one version or none; if what follows in there fails, call `remove_leftovers`.

    Raises:
        OSError: the files cannot be stored; none of them stays.
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
        # A worker that was killed just here has left its files.
        kept = _remove_unclaimed_files(version.number)
        try:
            for field, path in files:
                with path.open("rb") as file:
                    field.save(path.name, File(file), save=False)
            version.save(force_insert=True)
        except BaseException:
            with contextlib.suppress(OSError):  # else the next registering removes them
                _remove_files(version.number, kept)
            raise
    return version


def _add_web_model(version: ModelVersion, path: Path) -> None:
    """Give the shipped version what it could not have when it was registered."""
    with path.open("rb") as file:
        version.web_model.save(path.name, File(file), save=False)
    version.web_sha256 = file_sha256(path)
    version.save(update_fields=["web_model", "web_sha256"])


def remove_leftovers() -> None:
    """Delete what a registering that came to nothing has stored."""
    with transaction.atomic():
        _remove_unclaimed_files(_next_number())


def _next_number() -> int:
    """The number that comes next, and its folder; nobody else has them in this transaction."""
    # What people save at the same time refers to these rows, and must not wait for this lock.
    list(ModelVersion.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return ModelVersion.objects.next_number()


def _remove_unclaimed_files(number: int) -> set[str]:
    """Delete what lies in this number's folder and no version names; what is left."""
    versions = ModelVersion.objects.filter(number=number)
    rows = versions.values_list("artifact", "weights", "web_model")
    kept = {name for names in rows for name in names}
    _remove_files(number, kept)
    return kept


def _remove_files(number: int, kept: set[str]) -> None:
    """Delete all files of this number but these, whole or half written."""
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
    """Make a version the one that answers; every web process takes it up within a second.

    Args:
        override: promote it even without a passed verdict against the version that
            is active now; the reason, which must be given, is kept and marked.

    Raises:
        NotPassedError: it has no such verdict, and there is no override or no reason.
        PromotionError: it is active already, or its artifact cannot be loaded.
    """
    try:
        active_model.load(version, as_stored=True)
    except (ArtifactError, OSError) as error:
        raise PromotionError(
            _("%(version)s cannot be loaded: %(why)s") % {"version": version, "why": error}
        ) from error
    with transaction.atomic():
        # Locks every version, so that two staff promoting at once wait for each other.
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
    """What speaks against promoting a version; "" if nothing does.

    The version that ships with the project was judged before it shipped.
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
    """Bring back the version that answered before the active one was promoted.

    Rolling back twice goes back two versions, not back and forth.

    Raises:
        PromotionError: there was none before, or it cannot be loaded.
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
