"""What is kept of a file that somebody hands in: its bytes checked, a picture drawn anew."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Collection
from typing import NamedTuple

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from batches.rules.files import TYPES, file_name, sort_of
from kernel.errors import Invalid
from recipes.rules.file_steps import FileSort

# A picture of more pixels is refused before it is unpacked; one of longer edges is made smaller.
MOST_PIXELS = 50_000_000
LONGEST_EDGE = 2048
CHECK_SECONDS = 30


class Content(NamedTuple):
    """A file as it is kept."""

    sort: FileSort
    name: str
    content_type: str
    content: bytes


def content_from(content: bytes, *, name: str, accept: Collection[FileSort]) -> Content:
    """Return what is kept of a file.

    A picture is drawn anew, so that place, device and whatever hides behind it are gone.

    Raises:
        Invalid: it is empty, too large, nothing that the step takes, or refused by the checker
            of the site.
    """
    if not content:
        raise _refused("The file is empty.", "blank")
    if len(content) > settings.MOST_FILE_BYTES:
        raise _refused(f"At most {settings.MOST_FILE_BYTES // 1_000_000} MB.", "too_large")
    sort = sort_of(content)
    if sort is None or sort not in accept:
        told = ", ".join(accept)
        raise _refused(f"This step takes: {told}. What a file is, its content says.", "wrong_type")
    _checked(content)
    kept = redrawn(content) if sort == "image" else content
    return Content(sort, file_name(name, sort), TYPES[sort], kept)


def redrawn(content: bytes) -> bytes:
    """Return a picture as a JPEG of its own pixels, upright, at most 2,048 pixels an edge.

    Raises:
        Invalid: it cannot be drawn.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _refused("The picture has too many pixels.", "too_large")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("The picture has too many pixels.", "too_large") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise _refused("The picture cannot be read.", "unreadable") from None
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    made = io.BytesIO()
    upright.save(made, "JPEG", quality=85)
    return made.getvalue()


def _checked(content: bytes) -> None:
    """Ask the checker of the site, if it has one (a virus scanner): exit 0 lets the file in."""
    if not settings.FILE_CHECKER:
        return
    try:
        answer = subprocess.run(
            settings.FILE_CHECKER, input=content, capture_output=True, timeout=CHECK_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        raise _refused("The file could not be checked: it is not taken.", "unchecked") from None
    if answer.returncode:
        raise _refused("The checker of this site refuses the file.", "refused_by_checker")


def _refused(detail: str, code: str) -> Invalid:
    return Invalid(detail, pointer="/file", code=code)
