"""Draw the icons of the installed site from static/recognizer/img/mark.svg.

    python -m devtools.icons

Android cuts a maskable icon to any shape and iOS rounds it, so these two fill their square.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from devtools import chromium

IMAGES = Path(__file__).parents[1] / "static/recognizer/img"
ICONS = {
    "icon-180.png": (180, True),
    "icon-192.png": (192, False),
    "icon-512.png": (512, False),
    "icon-maskable-512.png": (512, True),
}


def main() -> None:
    path = chromium.find()
    if path is None:
        sys.exit("No Chromium: `python -m devtools.chromium` gets one.")
    mark = (IMAGES / "mark.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.LAUNCH_ARGS)
        for name, (side, fills) in ICONS.items():
            page = browser.new_page(viewport={"width": side, "height": side})
            taken = take(page, mark.replace('rx="9"', "") if fills else mark)
            # 64 colours are enough for blends of three, and take a third of the bytes.
            taken.quantize(64, Image.Quantize.FASTOCTREE).save(IMAGES / name, optimize=True)
        browser.close()


def take(page: Page, svg: str) -> Image.Image:
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
    return Image.open(io.BytesIO(page.screenshot(omit_background=True)))


if __name__ == "__main__":
    main()
