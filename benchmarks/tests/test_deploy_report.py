"""`make deploy-report`: what counts as a failure, and what the new release contains."""

from typing import Any

import pytest

from benchmarks.deploy.parts import new_release, old_release
from benchmarks.deploy.report import in_words, shortcomings
from devtools.report_site import SiteError

AS_IT_SHOULD_BE: dict[str, Any] = {
    "failed_requests": 0,
    "drawings_answered": 7,
    "drawings_stored": {"the new code": 3, "the old code": 4},
    "pages_by_release": [20, 30],
    "sign_ins_with_made_up_addresses": [200, 200, 200, 200, 200, 429, 429],
    "sign_in_from_another_address": 200,
    "body_over_the_limit": 413,
    "body_without_a_length": 0,
    "healthz_after_these": 200,
}


def test_the_table_says_what_was_stored_by_which_release() -> None:
    further = {"requests": 8293, "slowest_answer_seconds": 0.41, "seconds_to_end": [4.7, 4.6]}
    table = in_words(AS_IT_SHOULD_BE | further)
    assert "| requests, and how many failed | 8,293, 0 |" in table
    assert "| stored by the old release, and by the new one | 4, 3 |" in table
    assert "| a web process ends after | 4.6 to 4.7 s |" in table


def test_what_went_well_has_no_shortcomings() -> None:
    assert shortcomings(AS_IT_SHOULD_BE) == []


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"failed_requests": 1}, "a request failed"),
        ({"drawings_answered": 8}, "a drawing was lost, or stored twice"),
        ({"drawings_stored": {"the old code": 7}}, "one of the releases never stored anything"),
        ({"pages_by_release": [50]}, "one of the releases never answered"),
        ({"sign_ins_with_made_up_addresses": [200] * 7}, "a made-up address dodges the throttle"),
        ({"sign_in_from_another_address": 429}, "the throttle hits others too"),
        ({"healthz_after_these": 503}, "long bodies shut others out"),
    ],
)
def test_whatever_else_comes_is_named(figures: dict[str, Any], words: str) -> None:
    assert shortcomings(AS_IT_SHOULD_BE | figures) == [words]


def test_the_new_release_has_a_migration_and_a_script_of_its_own(tmp_path: Any) -> None:
    code = new_release(tmp_path).code
    (migration,) = (code / "recognizer" / "migrations").glob("9999_*.py")
    compile(migration.read_text(), str(migration), "exec")
    assert "db_default" in migration.read_text()
    drawing = code / "recognizer" / "models" / "drawing.py"
    assert 'Drawing.add_to_class(\n    "made_by"' in drawing.read_text()
    assert not list(code.rglob("tests"))


def test_the_old_release_can_be_any_revision(tmp_path: Any) -> None:
    code = old_release(tmp_path, "HEAD").code
    assert (code / "manage.py").is_file()
    assert code.is_relative_to(tmp_path)


def test_a_revision_that_git_does_not_know_is_refused(tmp_path: Any) -> None:
    with pytest.raises(SiteError, match="no-such-revision"):
        old_release(tmp_path, "no-such-revision")
