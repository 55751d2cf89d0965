"""What a run's stage and error say, in the person's language.

A worker speaks to nobody in particular: it stores an English sentence, made of one of these and
its figures, and whoever shows it says the same in another language. What is none of these, such
as the last words of a library, stays as it is.
"""

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

MADE = gettext_noop("made version %(number)s")
MADE_UNJUDGED = gettext_noop("made version %(number)s, not judged")
WORKER_STOPPED = gettext_noop("the worker was stopped; queued again")
WORKER_DIED = gettext_noop("its worker died; queued again")
FORGOTTEN = gettext_noop("a contributor was forgotten; queued again")

STAGES = {
    gettext_noop("claimed"),
    gettext_noop("starting"),
    gettext_noop("reading data"),
    gettext_noop("starting TensorFlow"),
    gettext_noop("training"),
    gettext_noop("keeping %(share)s of the change, not to forget"),
    gettext_noop("calibrating"),
    gettext_noop("exporting"),
    gettext_noop("evaluating"),
    gettext_noop("judging"),
    gettext_noop("registering"),
    MADE,
    MADE_UNJUDGED,
    WORKER_STOPPED,
    WORKER_DIED,
    FORGOTTEN,
}

ENDED = gettext_noop("The training process ended with code %(code)s: %(why)s")
NO_REASON = gettext_noop("it gave no reason")
NOT_PREPARED = gettext_noop("The training could not be prepared: %(why)s")
NOT_STORED = gettext_noop("The result could not be stored: %(why)s")
SILENT = gettext_noop("The training process said nothing for %(seconds)s s.")
DIED_OFTEN = gettext_noop("Its worker died %(count)s times; see the worker's log.")
NO_DRAWINGS = gettext_noop("Every drawing of this run has been deleted.")

ERRORS = {
    ENDED,
    NO_REASON,
    NOT_PREPARED,
    NOT_STORED,
    SILENT,
    DIED_OFTEN,
    NO_DRAWINGS,
}


def in_words(stored: str) -> str:
    """A stored stage or error as the person reads it; in English where it is not known here."""
    for sentence, pattern in _patterns():
        if match := pattern.fullmatch(stored):
            values = {name: in_words(value) for name, value in match.groupdict().items()}
            return gettext(sentence) % values
    return stored


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Each sentence and what it looks like; of two that fit, the one with more words of its own."""
    sentences = sorted(STAGES | ERRORS, key=len, reverse=True)
    return [(one, re.compile(_pattern(one), re.DOTALL)) for one in sentences]


def _pattern(sentence: str) -> str:
    parts = re.split(r"%\((\w+)\)s", sentence)
    return "".join(
        f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
