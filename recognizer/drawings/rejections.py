"""The reasons for which a drawing is not read."""

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop


@dataclass(frozen=True)
class Rejection:
    """Why nothing was read: a code for programs and a message for people."""

    code: str
    english: str

    @property
    def message(self) -> str:
        return gettext(self.english)


BLANK = Rejection("blank", gettext_noop("There is no ink yet."))
TOO_FAINT = Rejection(
    "too_faint",
    gettext_noop(
        "That is too faint to tell from the paper. Please use a darker pen, or more light."
    ),
)
TOO_SMALL = Rejection("too_small", gettext_noop("That is too small to read. Please draw larger."))
NO_DIGIT = Rejection("not_a_digit", gettext_noop("That does not look like a digit from 0 to 9."))
REJECTIONS = (BLANK, TOO_FAINT, TOO_SMALL, NO_DIGIT)
