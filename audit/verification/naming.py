"""How a finding is named: whatever an attacker wrote into a record, it can be printed."""

from __future__ import annotations

from audit.ledger import Finding

LONGEST = 400
# What reading a forged entry, line or statement may raise; none of it may stop a verification.
UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    IndexError,
    StopIteration,
)


def finding(kind: str, where: str, detail: str) -> Finding:
    """Return a finding whose words are printable and of bounded length."""
    return Finding(kind=kind, where=printable(where), detail=printable(detail))


def printable(text: str) -> str:
    """Return ``text`` without line ends, control characters and lone surrogates."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in cut
    )
