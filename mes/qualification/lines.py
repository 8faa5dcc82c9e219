"""A line of the protocol: what, expected, found, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["pass", "fail", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was looked at. The verdict ``judge`` is left to the people of the site."""

    part: str
    what: str
    expected: str
    found: str
    verdict: Verdict

    def plain(self) -> dict[str, Any]:
        """Return the line in plain terms."""
        return {
            name: getattr(self, name) for name in ("part", "what", "expected", "found", "verdict")
        }


def line(part: str, what: str, expected: Any, found: Any, is_good: bool | None = None) -> Line:
    """Return a line; it passes when it was found as expected, or as ``is_good`` says."""
    is_as_expected = str(expected) == str(found) if is_good is None else is_good
    return Line(
        part=part,
        what=what,
        expected=str(expected),
        found=str(found),
        verdict="pass" if is_as_expected else "fail",
    )


def to_judge(part: str, what: str, expected: Any, found: Any) -> Line:
    """Return a line that the software cannot judge."""
    return Line(part=part, what=what, expected=str(expected), found=str(found), verdict="judge")
