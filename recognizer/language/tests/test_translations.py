"""Every text has a translation, and the compiled catalogues match their sources."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

from recognizer.language import ink_errors
from recognizer.tests.texts import ROOT, read_po, used_in_scripts, used_in_site

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
USED = {"django": used_in_site, "djangojs": used_in_scripts}
each_catalogue = pytest.mark.parametrize(
    ("language", "domain"), [(language, domain) for language in LANGUAGES for domain in USED]
)


def catalogue(language: str, domain: str) -> Path:
    return ROOT / "recognizer" / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


@each_catalogue
def test_every_text_that_is_used_is_translated(language, domain):
    used = USED[domain]()
    assert len(used) > 80
    entries = read_po(catalogue(language, domain))
    done = {one.text for one in entries if all(one.translations) and not one.is_fuzzy}
    missing = {text: name for text, name in used.items() if text not in done}
    assert missing == {}, "`make messages`, then translate them"


@each_catalogue
def test_no_translation_is_left_of_a_text_that_is_gone(language, domain):
    texts = {one.text for one in read_po(catalogue(language, domain))} - {""}
    assert texts - set(USED[domain]()) == set()


@each_catalogue
def test_what_is_served_is_what_was_translated(language, domain):
    path = catalogue(language, domain)
    with path.with_suffix(".mo").open("rb") as file:
        served = gettext.GNUTranslations(file)
    entries = [one for one in read_po(path) if one.text]
    for one in entries:
        if len(one.translations) > 1:
            shown = tuple(served.ngettext(one.text, "", count) for count in (1, 2))
        else:
            shown = (served.gettext(one.text),)
        assert shown == one.translations, "`make messages` compiles them"
    texts = {key[0] if isinstance(key, tuple) else key for key in served._catalog}  # type: ignore[attr-defined]
    assert texts - {""} == {one.text for one in entries}


@each_catalogue
def test_a_translation_has_the_same_places_for_values_and_the_same_tags(language, domain):
    parts = re.compile(r"%\(\w+\)s|</?\w+[^>]*>")
    for one in read_po(catalogue(language, domain)):
        if one.text:
            for translation in one.translations:
                # A plural form may omit the number.
                assert set(parts.findall(translation)) == set(parts.findall(one.text)) or (
                    len(one.translations) > 1
                    and set(parts.findall(translation)) - set(parts.findall(one.text))
                    <= {"%(count)s"}
                ), one.text
                assert '"' not in re.sub(r"<[^>]*>", "", translation), one.text


def test_whatever_is_wrong_with_a_drawing_is_told_in_the_persons_language():
    code = "".join(
        (ROOT / "ml" / "drawing" / name).read_text("utf-8")
        for name in ("strokes.py", "pictures.py")
    )
    raised = [
        node.args[0]
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InkError"
    ]
    said = {reason.value for reason in raised if isinstance(reason, ast.Constant)}
    assert said == ink_errors.REASONS
