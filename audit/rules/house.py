"""What the house must know of itself before regulated work begins, and whom it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A setting that is kept on record: its name, what it is, and why it is asked for."""

    name: str
    title: str
    why: str
    asked: str


KEPT: Mapping[str, Kept] = {
    one.name: one
    for one in (
        Kept(
            name="certification_of_signatures",
            title="Certification of electronic signatures",
            why="Before electronic signatures are used, the organization certifies to the FDA that"
            " they are the legally binding equivalent of handwritten ones (21 CFR 11.100(c)).",
            asked="Reference and date of the letter",
        ),
    )
}
