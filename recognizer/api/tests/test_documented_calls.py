"""The calls that docs/api.md shows work as they stand there."""

import re
import shlex
import uuid
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recognizer.drawings.rendering import png_file
from recognizer.models import ApiToken
from recognizer.tests.factories import make_drawing, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model")]

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
BLOCKS = re.findall(r"(?:^ {4}.*\n)+", PAGE.read_text("utf-8"), re.MULTILINE)
CALLS = [call for block in BLOCKS for call in re.split(r"(?m)^ {4}(?=curl )", block)[1:]]


def parsed(call: str) -> Namespace:
    curl = ArgumentParser()
    curl.add_argument("-s", action="store_true")
    curl.add_argument("-X", dest="method")
    curl.add_argument("-H", dest="headers", action="append", default=[])
    curl.add_argument("-d", dest="body")
    curl.add_argument("-F", dest="file")
    curl.add_argument("address")
    return curl.parse_args(shlex.split(call.replace("\\\n", " "))[1:])


def test_the_page_shows_calls() -> None:
    assert len(CALLS) >= 10


@pytest.mark.parametrize("call", CALLS)
def test_a_documented_call_succeeds(call: str, client: Client) -> None:
    user = make_user()
    drawing = make_drawing(user=user)
    _, secret = ApiToken.objects.issue(user, "docs", ["predict", "save", "read"])
    filled = call.replace("$TOKEN", secret).replace("$ID", str(drawing.public_id))
    curl = parsed(re.sub(r"\$\(cat [^)]*\)", str(uuid.uuid4()), filled))
    headers = dict(header.split(": ", 1) for header in curl.headers)
    content: dict[str, Any] = {"data": curl.body, "content_type": headers.pop("Content-Type", "")}
    if curl.file:
        picture = SimpleUploadedFile("digit.png", png_file(drawing), "image/png")
        answer = client.post(urlsplit(curl.address).path, {"image": picture}, headers=headers)
    else:
        method = curl.method or ("POST" if curl.body else "GET")
        sent = content if curl.body else {}
        answer = client.generic(method, urlsplit(curl.address).path, headers=headers, **sent)
    assert 200 <= answer.status_code < 300, answer.content
