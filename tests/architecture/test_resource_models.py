"""The resource models: each record has its term of the standard, and no term is of nothing."""

from __future__ import annotations

import re

import pytest
from django.apps import apps

from audit.models import Recorded
from tests.architecture.test_sizes_and_words import ROOT


@pytest.mark.requirement("S95-02")
def test_every_record_is_mapped_to_the_standard_once() -> None:
    page = (ROOT / "docs/reference/resource-models.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    listed = [name for row in rows for name in re.findall(r"`(\w+\.\w+)`", row.split("|")[1])]
    known = [one._meta.label for one in apps.get_models() if issubclass(one, Recorded)]
    assert sorted(listed) == sorted(known)
    for row in rows:
        assert all(part.strip() for part in row.strip("|").split("|")), row
