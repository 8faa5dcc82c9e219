"""What-if replay: another version over past batches, and nothing written."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from audit.models import LedgerEntry
from batches import queries
from recipes.models import RecipeVersion
from tests.worlds.audit import person, site
from tests.worlds.quality import CLOUDY, SOFT, executed_batch
from tests.worlds.recipes import drafted_version, engineer, plain_document, quality

pytestmark = pytest.mark.django_db


def draft(**changed: Any) -> RecipeVersion:
    """A draft of the small recipe whose making differs: fields of steps by their code."""
    document = deepcopy(plain_document())
    for unit in document["procedure"]["unit_procedures"]:
        for operation in unit["operations"]:
            for step in operation["steps"]:
                step.update(changed.get(step["code"], {}))
    if "design_space" in changed:
        document["design_space"] = changed["design_space"]
    return drafted_version(**document)


def told(version: RecipeVersion) -> list[tuple[str, str, str]]:
    found = queries.replay_of(version, sites=None)
    return [(one.code, one.effect, one.now) for each in found.batches for one in each.found]


@pytest.mark.requirement("A11-10")
def test_the_same_recipe_says_the_same_of_every_value() -> None:
    executed_batch(**SOFT)
    found = queries.replay_of(draft(), sites=None)
    assert told(found.version) == []
    assert (len(found.batches), found.values) == (1, 10)


@pytest.mark.parametrize(
    ("entries", "changed", "expected"),
    [
        (
            {},
            {"S05": {"soft": {"min": "80.0", "max": "100.0"}}},
            [("S05", "raised", "75.0 is below 80.0 mL")],
        ),
        (
            {},
            {"S05": {"hard": {"min": "80.0", "max": "200.0"}, "soft": None}},
            [("S05", "refused", "75.0 is below 80.0 mL")],
        ),
        (SOFT, {"S05": {"soft": {"min": "40.0", "max": "100.0"}}}, [("S05", "gone", "in range")]),
        (CLOUDY, {"S09": {"accepted": ["clear", "cloudy"]}}, [("S09", "gone", "in range")]),
        (
            {},
            {"S08": {"formula": "volume / weight * factor * 2"}},
            [("S08", "changed", "0.909 mL/kg")],
        ),
        (
            {},
            {
                "design_space": [
                    {
                        "code": "D",
                        "title": "Filling",
                        "bounds": [{"parameter": "volume", "max": "70.0"}],
                    }
                ]
            },
            [("S05", "raised", "volume 75.0 mL is above 70.0 mL")],
        ),
    ],
)
def test_what_would_have_been_otherwise_is_told(
    entries: dict[str, str], changed: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    executed_batch(**entries)
    assert told(draft(**changed)) == expected


def test_a_step_that_is_no_more_is_told_as_absent() -> None:
    executed_batch()
    document = deepcopy(plain_document())
    document["procedure"]["unit_procedures"][1]["operations"][0]["steps"][0]["code"] = "S99"
    found = told(drafted_version(**document))
    assert ("S09", "absent", "no such step") in found


@pytest.mark.requirement("A11-10")
def test_the_page_writes_nothing_and_can_be_had_as_csv() -> None:
    batch = executed_batch()
    version = draft(S05={"soft": {"min": "80.0", "max": "100.0"}})
    before = LedgerEntry.objects.count()
    client = Client()
    client.force_login(engineer(), backend="mes.sign_in.People")
    page = f"/recipes/SMALL-MBR/{version.number}/replay/"
    shown = client.get(page).content.decode()
    assert "75.0 is below 80.0 mL" in shown
    assert batch.number in shown
    sent = client.get(f"{page}?format=csv")
    assert sent["Content-Type"].startswith("text/csv")
    lines = b"".join(sent).decode().splitlines()
    assert [line.replace(chr(34), "").split(",")[:3] for line in lines[1:]] == [
        [batch.number, "S05", "Would be an exception"]
    ]
    assert LedgerEntry.objects.count() == before


@pytest.mark.requirement("SEC-23")
def test_nobody_reads_batches_of_another_site_by_it() -> None:
    executed_batch()
    version = draft(S05={"soft": {"min": "80.0", "max": "100.0"}})
    client = Client()
    elsewhere = person("norma", "qa", at_site=site("NORTH"))
    client.force_login(elsewhere, backend="mes.sign_in.People")
    shown = client.get(f"/recipes/SMALL-MBR/{version.number}/replay/").content.decode()
    assert "No batch yet" in shown
    assert quality().username not in shown
