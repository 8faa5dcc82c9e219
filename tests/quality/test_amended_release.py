"""An amendment that nobody decided on keeps a batch from its review; a decided one does not."""

from __future__ import annotations

import pytest

from quality.queries.release import release_facts
from quality.rules.release_gate import missing_before_review
from tests.worlds.amendments import added_step, rejected, written
from tests.worlds.batches import again, running_batch

OPEN = "1 amendment is not decided."


@pytest.mark.django_db
@pytest.mark.requirement("S88-11", "CGMP-17")
def test_an_amendment_is_decided_before_the_review() -> None:
    batch = running_batch()
    assert OPEN not in missing_before_review(release_facts(batch))
    amendment = written(batch, added_step())
    assert OPEN in missing_before_review(release_facts(again(batch)))
    rejected(amendment)
    assert OPEN not in missing_before_review(release_facts(again(batch)))
