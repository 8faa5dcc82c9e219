"""The reference pages are those that the code would write today."""

from __future__ import annotations

from mes.management.commands.write_reference import pages
from tests.architecture.test_sizes_and_words import ROOT


def test_the_reference_pages_are_current() -> None:
    stale = [
        name
        for name, text in pages().items()
        if (ROOT / "docs" / "reference" / name).read_text() != text
    ]
    assert stale == [], "run `make docs`"


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    import re

    broken = []
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} → {target}")
    assert broken == []
