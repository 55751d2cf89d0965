"""Which release runs is told in three places, and read from one."""

import tomllib
from pathlib import Path

import pytest
from django.test import Client

from recognizer import __version__

ROOT = Path(__file__).parents[2]


def test_the_package_and_the_project_name_the_same_release() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_the_changelog_begins_with_this_release() -> None:
    releases = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")
    ]
    assert releases[0].startswith(f"## {__version__} ")


@pytest.mark.django_db
def test_every_staff_page_names_the_release(admin_client: Client) -> None:
    for address in ("/admin/", "/admin/recognizer/drawing/"):
        footer = admin_client.get(address).content.decode().partition('<footer id="footer">')[2]
        assert f"Handwriting recogniser {__version__}" in footer.partition("</footer>")[0]


@pytest.mark.django_db
@pytest.mark.usefixtures("shipped_model")
def test_the_footer_speaks_the_language_of_the_page(admin_client: Client) -> None:
    page = admin_client.get("/admin/", headers={"accept-language": "de"}).content.decode()
    footer = page.partition('<footer id="footer">')[2].partition("</footer>")[0]
    assert __version__ in footer
    assert "Handwriting recogniser" not in footer
