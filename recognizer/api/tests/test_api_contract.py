"""Whatever is sent, no answer of the API is a 5xx or outside its OpenAPI document."""

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ml.drawing.pictures import MAX_PIXELS
from recognizer.api.tests.test_api import DRAWINGS, PREDICT, data_url
from recognizer.models import ApiToken, Drawing
from recognizer.tests.factories import make_drawing, make_run, make_staff, make_user, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_model"), pytest.mark.slow]

OWN = uuid.UUID("00000000-0000-4000-8000-000000000001")
"""The drawing that there always is."""

EXAMPLES = 8
"""For each operation and each way to make requests; more find little that is new."""

bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,  # the same in every run: none fails by chance
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def document(db: None) -> Iterator[Any]:
    import schemathesis

    # As Django's own client for tests does: the test's transaction is not to be dropped.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    url = "/api/v1/schema/?format=json"
    yield schemathesis.openapi.from_wsgi(url, get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def callers() -> list[dict[str, str]]:
    """Headers of nobody, of somebody, and of staff who may do everything."""
    owner = make_user("ada")
    staff = make_staff("grace", ["change_drawing", "delete_drawing"])
    make_version(run=make_run([make_drawing(user=owner)]))
    secrets = [
        ApiToken.objects.issue(user, "x", ApiToken.Scope.values)[1] for user in (owner, staff)
    ]
    return [{}, *({"Authorization": f"Bearer {secret}"} for secret in secrets)]


@pytest.mark.parametrize("sound", [True, False], ids=["sound", "unsound"])
def test_every_answer_is_in_the_document(
    document: Any, callers: list[dict[str, str]], sound: bool
) -> None:
    from schemathesis.generation import GenerationMode

    mode = GenerationMode.POSITIVE if sound else GenerationMode.NEGATIVE
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) > 12
    answers: set[int] = set()
    for operation in operations:
        if sound or _can_be_unsound(operation):
            answers |= _ask(operation, operation.as_strategy(mode), callers)
    assert answers >= ({200, 201, 204, 400, 401} if sound else {400, 404})


def _can_be_unsound(operation: Any) -> bool:
    return bool(operation.body or operation.path_parameters or operation.query)


def _ask(operation: Any, cases: Any, callers: list[dict[str, str]]) -> set[int]:
    """The statuses that there were."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    wanted = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    statuses = set()

    @bounded
    @given(cases, st.sampled_from(callers), st.booleans())
    def ask(case: Any, caller: dict[str, str], there: bool) -> None:
        if there and "id" in (case.path_parameters or {}) and "drawings" in operation.path:
            case.path_parameters["id"] = str(OWN)
            if not Drawing.objects.filter(public_id=OWN).exists():
                make_drawing(user=make_user("ada"), public_id=OWN)
        statuses.add(case.call_and_validate(headers=caller, checks=wanted).status_code)

    ask()
    return statuses


NUMBERS = st.one_of(
    st.integers(0, 280),
    st.floats(0, 280),
    st.sampled_from([-1, 281, 1e-300, 1e300, -0.0, 2**63, 2**70]),
)
POINTS: st.SearchStrategy[Any] = st.one_of(
    st.lists(NUMBERS, min_size=2, max_size=3),
    st.lists(NUMBERS, max_size=5),
    st.sampled_from([None, True, "1,2", {}, [[1, 2]], [None, 1], ["1", "2"]]),
)
STROKES = st.lists(st.lists(POINTS, max_size=12), max_size=5)
SOUND_STROKES = st.lists(
    st.lists(st.tuples(st.floats(0, 280), st.floats(0, 280)), min_size=1, max_size=30),
    min_size=1,
    max_size=6,
)
SIDES = st.sampled_from([280, 1, 10_000, 0, -1, 10_001, 2.5, "280", None, True, 10**30])


@settings(bounded, max_examples=30)
@given(
    st.one_of(STROKES, SOUND_STROKES),
    st.one_of(st.just(280), SIDES),
    st.one_of(st.just(280), SIDES),
    st.sampled_from([PREDICT, DRAWINGS]),
)
def test_strokes_of_every_shape_are_read_or_refused_with_a_reason(
    client: Any, strokes: Any, width: Any, height: Any, url: str
) -> None:
    body = {"strokes": strokes, "width": width, "height": height}
    response = client.post(url, body, content_type="application/json")
    assert response.status_code in {200, 201, 400}, response.content
    if response.status_code == 400:
        assert response.json()


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "HSV", "LAB"]


@settings(bounded, max_examples=40)
@given(
    st.sampled_from(MODES),
    st.tuples(
        st.sampled_from([1, 2, 3, 27, 28, 29, 500, 4000]), st.sampled_from([1, 2, 28, 31, 700])
    ),
    st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM"]),
    st.binary(min_size=1, max_size=64),
    st.integers(0, 3),
)
def test_images_of_every_shape_are_read_or_refused_with_a_reason(
    client: Any, mode: str, size: tuple[int, int], file_format: str, noise: bytes, cut: int
) -> None:
    content = _image(mode, size, file_format, noise)
    content = content[: len(content) // cut] if cut > 1 else content
    body = {"image": data_url(content, "jpeg" if file_format == "JPEG" else "png")}
    response = client.post(PREDICT, body, content_type="application/json")
    assert response.status_code in {200, 400}, response.content
    if file_format not in {"PNG", "JPEG"}:
        assert "not a PNG or JPEG" in response.json()["image"][0]


def _image(mode: str, size: tuple[int, int], file_format: str, noise: bytes) -> bytes:
    """A file of that format, with blocks of noise; in the nearest mode that the format can hold."""
    assert size[0] * size[1] < MAX_PIXELS
    small = Image.frombytes("L", (len(noise), 1), noise).resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    for nearest in (mode, "RGB"):
        try:
            image = small if nearest == "L" else _converted(small, nearest)
            image.save(buffer, file_format)
        except (OSError, ValueError, KeyError):
            buffer = io.BytesIO()
        else:
            break
    return buffer.getvalue()


def _converted(image: Any, mode: str) -> Any:
    via = {"LAB": "RGB", "HSV": "RGB", "PA": "P", "LA": "L"}.get(mode)
    return (image.convert(via) if via else image).convert(mode)
