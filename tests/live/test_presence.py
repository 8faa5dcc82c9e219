"""Presence: who else looks at a step, for as long as they do, and nothing of it on the record."""

from __future__ import annotations

from typing import Any

import pytest
from redis import ConnectionError as Away

from audit.models import LedgerEntry
from mes.live import presence
from mes.live.presence import GONE_AFTER_S, initials_of, others_at
from tests.batches.test_screens import path, signed_in
from tests.worlds.audit import person, site
from tests.worlds.batches import batch_at, operator, verifier

pytestmark = pytest.mark.django_db


def test_others_are_told_by_their_initials_until_they_are_gone() -> None:
    _, step = batch_at("S05")
    olivia, vera = operator(), verifier()
    key = step.pk + 10**9  # no step of another test
    assert others_at(key, olivia, at=1000) == []
    assert others_at(key, vera, at=1001) == [initials_of(olivia)] == ["O. E."]
    assert others_at(key, olivia, at=1004) == ["V. E."]
    assert others_at(key, olivia, at=1001 + GONE_AFTER_S) == ["V. E."]
    assert others_at(key, olivia, at=1002 + GONE_AFTER_S) == []


def test_two_screens_of_one_person_are_one_person() -> None:
    _, step = batch_at("S05")
    key = step.pk + 2 * 10**9
    others_at(key, operator(), at=1000)
    assert others_at(key, operator(), at=1001) == []


def test_without_the_broker_nobody_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def pipeline(self, **_: Any) -> Any:
            raise Away

    monkeypatch.setattr(presence, "_broker", Gone)
    assert others_at(1, operator()) == []


@pytest.mark.requirement("P11-08")
def test_to_look_is_no_act_and_only_for_those_who_may() -> None:
    batch, step = batch_at("S05")
    before = LedgerEntry.objects.count()
    address = f"{path(step)}here/"
    assert signed_in(operator()).get(address).json() == {"others": []}
    assert signed_in(verifier()).get(address).json() == {"others": ["O. E."]}
    assert LedgerEntry.objects.count() == before
    stranger = person("nora", "operator", at_site=site("NORTH"))
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(operator()).post(address).status_code == 405
    assert f'data-presence="{address}"' in signed_in(operator()).get(path(step)).content.decode()
    assert batch.state == "in_progress"
