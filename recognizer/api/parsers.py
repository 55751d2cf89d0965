"""Request bodies, decoded strictly."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.http import RawPostDataException
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class StrictJSONParser(BaseParser):
    """JSON by msgspec: quick on long strokes, and NaN or Infinity are errors."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return msgspec.json.decode(stream.read())
        except msgspec.DecodeError as error:
            raise ParseError(_("The body is not valid JSON: %(why)s.") % {"why": error}) from None
        except UnicodeDecodeError:
            raise ParseError(_("The body is not UTF-8.")) from None
        except RecursionError:
            raise ParseError(_("The body is nested too deeply.")) from None
        except (RawPostDataException, OSError):
            raise ParseError(_("The body could not be read.")) from None
