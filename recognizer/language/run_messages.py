"""The stages and errors of training runs, in the reader's language.

A worker does not know who will read its messages. It stores a code and parameters as JSON,
`{"code":"made","number":3}`, and the page or the API renders the sentence.

English sentences stored by releases before 1.0.0 are translated too. Anything else, such as a
library's error, is shown unchanged. During an update, old web processes show the JSON of a new
worker, which is harmless.
"""

import re
from functools import cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from recognizer.language.stored_messages import parsed

SENTENCES = {
    "claimed": gettext_noop("claimed"),
    "starting": gettext_noop("starting"),
    "reading_data": gettext_noop("reading data"),
    "starting_tensorflow": gettext_noop("starting TensorFlow"),
    "training": gettext_noop("training"),
    "blending": gettext_noop("keeping %(share)s of the change, not to forget"),
    "calibrating": gettext_noop("calibrating"),
    "exporting": gettext_noop("exporting"),
    "evaluating": gettext_noop("evaluating"),
    "comparing": gettext_noop("comparing with the active version"),
    "registering": gettext_noop("registering"),
    "made": gettext_noop("made version %(number)s"),
    "made_not_evaluated": gettext_noop("made version %(number)s, not evaluated"),
    "worker_stopped": gettext_noop("the worker was stopped; queued again"),
    "worker_died": gettext_noop("its worker died; queued again"),
    "contributor_forgotten": gettext_noop("a contributor was forgotten; queued again"),
    "ended": gettext_noop("The training process ended with code %(status)s: %(why)s"),
    "no_reason": gettext_noop("it gave no reason"),
    "not_prepared": gettext_noop("The training could not be prepared: %(why)s"),
    "not_stored": gettext_noop("The result could not be stored: %(why)s"),
    "silent": gettext_noop("The training process said nothing for %(seconds)s s."),
    "died_often": gettext_noop("Its worker died %(count)s times; see the worker's log."),
    "no_drawings": gettext_noop("Every drawing of this run has been deleted."),
}


def in_words(stored: str) -> str:
    """A stored stage or error in the reader's language; unchanged if the code is unknown."""
    found = parsed(stored) or _parsed_sentence(stored)
    values = {name: in_words(str(value)) for name, value in found.items() if name != "code"}
    try:
        return gettext(SENTENCES[str(found["code"])]) % values
    except KeyError:
        return stored


def in_english(stored: str) -> str:
    """A stored stage or error in English, for logs."""
    with translation.override("en"):
        return in_words(stored)


# Rows stored before 1.0.0: English sentences.

_OLD_SENTENCES = {
    "judging": "comparing",
    "made version %(number)s, not judged": "made_not_evaluated",
}
"""Old sentences that have changed since, and their codes."""


def _parsed_sentence(stored: str) -> dict[str, Any]:
    for pattern, code in _old_patterns():
        if match := pattern.fullmatch(stored):
            return {"code": code, **match.groupdict()}
    return {}


@cache
def _old_patterns() -> list[tuple[re.Pattern[str], str]]:
    """Patterns and codes, longest sentence first: if two match, the longer one is meant."""
    codes = _OLD_SENTENCES | {sentence: code for code, sentence in SENTENCES.items()}
    return [
        (re.compile(_pattern(sentence), re.DOTALL), codes[sentence])
        for sentence in sorted(codes, key=len, reverse=True)
    ]


def _pattern(sentence: str) -> str:
    parts = re.split(r"%\((\w+)\)s", sentence)
    return "".join(
        f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
