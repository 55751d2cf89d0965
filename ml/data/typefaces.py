"""A set of synthetic handwriting from typefaces: one writer for each of two hundred hands.

Scanned sets come from few countries. Typefaces drawn after handwriting do not, among them the
hands that schools of forty countries teach: a 1 with a long upstroke, a crossed 7, an open 4.
Each character is bent a little differently each time, as a hand would.

The typefaces are fetched by npm from the Fontsource packages of this version, each under the SIL
Open Font License or the Apache License 2.0; the registry's checksums are checked by npm.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ml.contract import DIGITS, Greyscale
from ml.data.bending import Bend, bend_picture
from ml.data.dataset import DatasetError, save_bitmaps
from ml.data.download import Bar, npm_package
from ml.data.mixture import UNLIKE_DIGITS

VERSION = "5.3.0"
NAMES = """
aguafina-script alex-brush allura allison amatic-sc annie-use-your-telescope architects-daughter
arizonia babylonica ballet bad-script berkshire-swash beth-ellen bilbo birthstone
bilbo-swash-caps birthstone-bounce bonheur-royale borel calligraffitti butterfly-kids caramel
cause caveat caveat-brush cedarville-cursive chilanka clicker-script comforter-brush comic-neue
coming-soon cookie corinthia courgette covered-by-your-grace crafty-girls damion dancing-script
dawning-of-a-new-day dekko delicious-handrawn delius delius-unicase delius-swash-caps
dr-sugiyama eagle-lake edu-au-vic-wa-nt-hand east-sea-dokdo edu-au-vic-wa-nt-pre
edu-nsw-act-cursive edu-nsw-act-foundation edu-nsw-act-hand-pre edu-qld-beginner edu-qld-hand
edu-sa-beginner edu-sa-hand edu-tas-beginner edu-vic-wa-nt-beginner edu-vic-wa-nt-hand ephesis
engagement explora felipa festive fondamento fuggles fuzzy-bubbles gaegu gamja-flower
give-you-glory gloria-hallelujah gochi-hand grand-hotel grape-nuts great-vibes grechen-fuemen
gwendolyn handlee herr-von-muellerhoff hi-melody homemade-apple hurricane indie-flower
ingrid-darling italianno itim just-another-hand just-me-again-down-here kalam kapakana
kaushan-script kavivanar kings kolker-brush kristi la-belle-aurore lakki-reddy leckerli-one
licorice love-light loved-by-the-king lovers-quarrel lugrasimo luxurious-script mali mansalva
marck-script mea-culpa meddon meie-script meow-script merienda miss-fajardose
monsieur-la-doulaise montez mr-bedfort mr-dafoe mr-de-haviland mrs-saint-delafield ms-madi
mynerve nanum-brush-script nanum-pen-script neonderthaw nerko-one neucha niconne
nothing-you-could-do norican oooh-baby over-the-rainbow pangolin pacifico parisienne
patrick-hand patrick-hand-sc permanent-marker petit-formal-script pinyon-script playpen-sans
playwrite-at playwrite-ar playwrite-au-qld playwrite-au-vic playwrite-br playwrite-be-wal
playwrite-ca playwrite-cl playwrite-cu playwrite-co playwrite-de-grund playwrite-cz
playwrite-dk-loopet playwrite-dk-uloopet playwrite-es playwrite-es-deco playwrite-fr-moderne
playwrite-fr-trad playwrite-hr playwrite-hu playwrite-hr-lijeva playwrite-id playwrite-ie
playwrite-is playwrite-in playwrite-it-moderna playwrite-it-trad playwrite-ng-modern
playwrite-mx playwrite-nl playwrite-no playwrite-pe playwrite-nz playwrite-pt playwrite-pl
playwrite-sk playwrite-ro playwrite-tz playwrite-us-modern playwrite-us-trad playwrite-vn
playwrite-za puppies-play princess-sofia quintessential qwitcher-grypen rancho redressed
reenie-beanie rochester rock-salt romanesco rouge-script ruge-boogie ruthie sacramento
sassy-frass satisfy schoolbell sedgwick-ave sedgwick-ave-display send-flowers shadows-into-light
shadows-into-light-two short-stack slackside-one smooch sofia solitreo splash square-peg
sriracha stalemate style-script sue-ellen-francisco sunshiney swanky-and-moo-moo tangerine
the-girl-next-door twinkle-star vibur updock vujahday-script waiting-for-the-sunrise
walter-turncoat water-brush whisper windsong yellowtail yesteryear zeyada
""".split()

CHARACTERS = {
    **dict.fromkeys(DIGITS, 8),
    **dict.fromkeys(sorted(filter(str.isalpha, UNLIKE_DIGITS)), 3),
}
"""What is written, and how often by each hand."""

SIDE = 56
"""Of the pictures in the set, in pixels."""

_ROOM, _LONGER_SIDE = 160, 100
_BEND = Bend(turned_deg=4.0, slanted=0.12, stretched=0.15, pushed=0.04)

_LATIN = re.compile(r"-latin-\d+-normal\.woff2$")

_MISSING = "\uffff"
"""No typeface has it: what is drawn stands for any character that is missing."""


def write_set(target: Path, folder: Path, names: Sequence[str] = NAMES, seed: int = 1) -> int:
    """Write every character of every typeface, as `CHARACTERS` says; the number of samples.

    Args:
        target: the NPZ file, in the format of `ml.data.dataset`.
        folder: where fetched typefaces are kept; those that are there are not fetched again.

    Raises:
        DatasetError: npm is missing, or a package could not be fetched.
    """
    rng = np.random.default_rng(seed)
    pictures: list[Greyscale] = []
    labels: list[str] = []
    writers: list[str] = []
    for name, path in zip(names, _fetch_all(folder, names), strict=True):
        for character, glyph in glyphs(ImageFont.truetype(path, 96)):
            for _ in range(CHARACTERS[character]):
                pictures.append(bend(glyph, rng))
                labels.append(character)
                writers.append(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = np.ones(len(labels), bool)
    save_bitmaps(target, np.stack(pictures), np.array(labels), np.array(writers), drawn)
    return len(pictures)


def glyphs(font: ImageFont.FreeTypeFont) -> Iterator[tuple[str, Greyscale]]:
    """Each of `CHARACTERS` that the typeface has, cropped to its ink, ink 255."""
    missing = _drawn(font, _MISSING)
    for character in CHARACTERS:
        glyph = _drawn(font, character)
        if glyph is not None and not (missing is not None and np.array_equal(glyph, missing)):
            yield character, glyph


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> Greyscale | None:
    image = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(image).text((200, 200), character, 255, font=font, anchor="mm")
    box = image.getbbox()
    return None if box is None else np.asarray(image.crop(box))


def bend(glyph: Greyscale, rng: np.random.Generator) -> Greyscale:
    """(SIDE, SIDE): the (h, w) glyph turned, slanted, stretched, and pushed about smoothly."""
    room = Image.new("L", (_ROOM, _ROOM), 0)
    scale = _LONGER_SIDE / max(glyph.shape)
    width, height = (max(1, round(side * scale)) for side in reversed(glyph.shape))
    sized = Image.fromarray(glyph).resize((width, height), Image.Resampling.BILINEAR)
    room.paste(sized, ((_ROOM - width) // 2, (_ROOM - height) // 2))
    bent = Image.fromarray(bend_picture(np.asarray(room), rng, _BEND, _LONGER_SIDE))
    return np.asarray(bent.resize((SIDE, SIDE), Image.Resampling.BOX))


def _fetch_all(folder: Path, names: Sequence[str]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    bar = Bar("typefaces", len(names))
    found = []
    with ThreadPoolExecutor(4) as pool:
        for path in pool.map(lambda name: _fetch(folder, name), names):
            found.append(path)
            bar.show(len(found))
    bar.end(len(found))
    return found


def _fetch(folder: Path, name: str) -> Path:
    path = folder / f"{name}-{VERSION}.woff2"
    if not path.exists():
        with npm_package(f"@fontsource/{name}@{VERSION}") as files:
            weights = sorted(file for file in files if _LATIN.search(file))
            if not weights:
                raise DatasetError(f"@fontsource/{name}@{VERSION} holds no typeface")
            usual = [file for file in weights if "-400-" in file]
            partial = path.with_suffix(".partial")
            partial.write_bytes(files[(usual or weights)[0]]())
            partial.replace(path)
    return path
