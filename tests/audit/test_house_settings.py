"""Settings of the house are records: a person, a reference, the old value and the new one."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError

from audit.commands import change_setting
from audit.models import HouseSetting, LedgerEntry, User
from audit.queries import entries_seen, set_up_items
from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted, StaleView
from tests.worlds.audit import act_by, person, site
from tests.worlds.orders import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-20", "P11-13")]
NAME = "certification_of_signatures"
PATH = f"/set-up/{NAME}/"


def kept(
    value: str = "Letter of 2 Nov 2026", seen: str = "", by: User | None = None
) -> HouseSetting:
    return change_setting(
        name=NAME,
        value=value,
        seen=seen,
        change_reference="CC-17",
        act=act_by(by or person("quinn", "qa")),
    )


def test_the_item_is_open_until_it_is_recorded() -> None:
    assert [one.is_open for one in set_up_items()] == [True]
    kept()
    assert [one.is_open for one in set_up_items()] == [False]


def test_a_change_is_in_the_ledger_with_both_values_and_its_reference() -> None:
    kept()
    kept("Letter of 9 Nov 2026", seen="Letter of 2 Nov 2026")
    first, second = LedgerEntry.objects.filter(stream="settings").order_by("seq")
    assert json.loads(first.entry)["before"] == {}
    told = json.loads(second.entry)
    assert told["before"]["value"] == "Letter of 2 Nov 2026"
    assert told["after"]["value"] == "Letter of 9 Nov 2026"
    assert (told["by"]["username"], told["reason"]) == ("quinn", "Change control CC-17")
    assert list(Verifier().findings()) == []
    assert second in entries_seen(person("olga", "operator", at_site=site()))


@pytest.mark.parametrize("value", ["", "  ", "..", "—————", "x" * 301, "a\u202eb\u202ec"])
def test_a_value_that_says_nothing_is_refused(value: str) -> None:
    with pytest.raises(Invalid):
        kept(value)
    assert not HouseSetting.objects.exists()


def test_a_change_needs_its_reference() -> None:
    with pytest.raises(Invalid):
        change_setting(
            name=NAME,
            value="Letter",
            seen="",
            change_reference=" ",
            act=act_by(person("quinn", "qa")),
        )


def test_only_administrators_and_quality_of_the_whole_house_change_it() -> None:
    for refused in (
        person("olga", "operator", at_site=site()),
        person("quentin", "qa", at_site=site()),
        person("nobody"),
    ):
        with pytest.raises(NotPermitted):
            kept(by=refused)
    assert kept(by=person("adam", "admin")).changed_by.username == "adam"


def test_what_changed_meanwhile_what_is_the_same_and_what_nobody_knows_is_refused() -> None:
    kept()
    with pytest.raises(StaleView):
        kept("Another letter")
    with pytest.raises(Conflict):
        kept(seen="Letter of 2 Nov 2026")
    with pytest.raises(NotFound):
        change_setting(
            name="other",
            value="x y z",
            seen="",
            change_reference="CC-1",
            act=act_by(person("quinn")),
        )


@pytest.mark.django_db(transaction=True)
def test_the_database_takes_no_change_past_the_ledger() -> None:
    kept()
    with pytest.raises(IntegrityError, match="was written and not recorded"):
        HouseSetting.objects.update(value="Another letter")


def test_the_page_shows_the_open_item_takes_it_and_shows_who_recorded_it() -> None:
    quality = browser_of(person("quinn", "qa"))
    assert "Open" in quality.get("/set-up/").content.decode()
    typed = {"value": "Letter of 2 Nov 2026", "seen": "", "change_reference": ""}
    refused = quality.post(PATH, typed)
    assert refused.status_code == 422
    assert 'value="Letter of 2 Nov 2026"' in refused.content.decode()
    assert quality.post(PATH, {**typed, "change_reference": "CC-17"}).status_code == 302
    page = quality.get("/set-up/").content.decode()
    assert "Recorded by Quinn Example" in page
    assert "change control CC-17" in page


def test_quality_of_one_site_reads_the_page_and_changes_nothing() -> None:
    quality = browser_of(person("quentin", "qa", at_site=site()))
    page = quality.get("/set-up/").content.decode()
    assert PATH not in page
    typed = {"value": "Letter", "seen": "", "change_reference": "CC-17"}
    assert quality.post(PATH, typed).status_code == 403
    assert not HouseSetting.objects.exists()
