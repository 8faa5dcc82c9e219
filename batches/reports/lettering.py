"""Lettering of printed documents: fonts, and text that is shown as it is, whatever it is.

The fonts are DejaVu (from the locked front-end packages); where they are not installed, Bitstream
Vera, which comes with ReportLab. A character that the fonts lack is printed as a near relative
where one is known, else as its code point: nothing is silently left out, and no text is markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import reportlab
from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

TEXT, BOLD, MONO = "record-text", "record-bold", "record-mono"
FILES = {
    TEXT: ("DejaVuSans.ttf", "Vera.ttf"),
    BOLD: ("DejaVuSans-Bold.ttf", "VeraBd.ttf"),
    MONO: ("DejaVuSansMono.ttf", "Vera.ttf"),
}
LONGEST = 20_000
KIN = {
    "\u2212": "-", "\u2011": "-", "\u2010": "-", "\u2026": "...", "\u2082": "2", "\u2083": "3",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2192": "->", "\t": " ",
}  # fmt: skip
RAISED = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b"
KIN.update({letter: f"^{plain}" for letter, plain in zip(RAISED, "0123456789-", strict=True)})
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@cache
def font(name: str) -> Any:
    """Return a font, registered for embedding."""
    better, other = FILES[name]
    path = Path(settings.BASE_DIR) / "node_modules" / "dejavu-fonts-ttf" / "ttf" / better
    if not path.is_file():
        path = Path(reportlab.__file__).parent / "fonts" / other
    made = TTFont(name, str(path))
    pdfmetrics.registerFont(made)
    return made


@cache
def _letter(letter: str, name: str) -> str:
    if letter == "\n":
        return letter
    is_seen = unicodedata.category(letter) not in UNSEEN
    if is_seen and ord(letter) in font(name).face.charToGlyph:
        return letter
    return KIN.get(letter) or f"[U+{ord(letter):04X}]"


def lettered(text: Any, name: str = TEXT) -> str:
    """Return text as a font can print it; control and direction marks become visible."""
    whole = str(text)
    if len(whole) > LONGEST:
        whole = f"{whole[:LONGEST]} [{len(whole) - LONGEST} more characters]"
    if whole.isascii() and whole.isprintable():
        return whole
    return "".join(_letter(letter, name) for letter in whole)


@cache
def _advance(letter: str, name: str) -> float:
    face = font(name).face
    return float(face.charWidths.get(ord(letter), face.defaultWidth)) / 1000.0


def width_of(text: str, name: str, size: float) -> float:
    """Return the width of lettered text in points."""
    return sum(_advance(letter, name) for letter in text) * size


@lru_cache(maxsize=8192)
def broken(text: str, width: float, name: str, size: float) -> tuple[str, ...]:
    """Return text, lettered and broken into lines that are not wider than ``width`` points."""
    room = width / size
    return tuple(
        line
        for part in lettered(text, name).split("\n")
        for line in (_lines(part, room, name) if part else ("",))
    )


def _lines(text: str, room: float, name: str) -> Iterator[str]:
    """Yield the lines of one paragraph; a word that is too long for a line is cut."""
    line, used, space = "", 0.0, _advance(" ", name)
    for word in text.split(" "):
        wide = sum(_advance(letter, name) for letter in word)
        if line and used + space + wide <= room:
            line, used = f"{line} {word}", used + space + wide
            continue
        if line:
            yield line
        while wide > room:
            count, used = 0, 0.0
            while used + _advance(word[count], name) <= room or count == 0:
                used += _advance(word[count], name)
                count += 1
            yield word[:count]
            word = word[count:]
            wide = sum(_advance(letter, name) for letter in word)
        line, used = word, wide
    yield line
