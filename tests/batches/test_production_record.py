"""The batch production record in the groups of the standard, by its published schema (S88-10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from audit.models import Site
from batches.models import Batch
from mes.production_record import GROUPS, production_record
from mes.record import record_document
from tests.batches.test_screens import signed_in
from tests.worlds.audit import client_token
from tests.worlds.batches import completed_batch, running_batch
from tests.worlds.quality import quality

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).resolve().parents[2] / "docs/reference/production-record.schema.json"


def faults(made: dict[str, Any]) -> list[str]:
    """What the published schema says of a record."""
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(made)]


@pytest.mark.requirement("S88-10")
@pytest.mark.parametrize("world", [running_batch, completed_batch])
def test_the_record_is_grouped_as_its_schema_says(world: Any) -> None:
    batch: Batch = world()
    document = record_document(batch)
    made = production_record(document)
    assert faults(made) == []
    assert made["content_digest"] == document["content_digest"]
    # The groups lose nothing: every part of the record is in one of them.
    listed = {part for parts in GROUPS.values() for part in parts}
    own = {"batch", "order", "recipe", "steps", "branches", "corrections", "reviews"}
    assert set(document["record"]) - listed - own == {"disposition"}
    for group, parts in GROUPS.items():
        for part in parts:
            assert made[group][part] == document["record"].get(part, [])
    assert [one["step"] for one in made["process_data"]] == [
        one["code"] for one in document["record"]["steps"]
    ]


@pytest.mark.requirement("S88-10")
def test_events_and_people_are_those_of_the_steps() -> None:
    batch = completed_batch()
    made = production_record(record_document(batch))
    times = [one["at"] for one in made["events"]]
    assert times == sorted(times)
    started = [one["step"] for one in made["events"] if one["what"] == "step started"]
    assert sorted(started) == sorted(batch.steps.values_list("code", flat=True))
    signed = [one for one in made["events"] if one["what"].startswith("signed")]
    assert len(signed) == sum(1 for step in batch.steps.all() for _ in _signatures(step))
    people = {one["name"]: {did["what"] for did in one["did"]} for one in made["personnel"]}
    assert {"performed", "entered"} <= people["Olivia Example"]
    assert "verified" in people["Vera Example"]


def _signatures(step: Any) -> Any:
    from audit.queries import signatures_of

    return signatures_of(step)


def test_the_schema_finds_what_is_missing_or_added() -> None:
    made = production_record(record_document(running_batch()))
    assert faults({**made, "more": 1})
    for name in made:
        assert faults({key: value for key, value in made.items() if key != name}), name


@pytest.mark.requirement("S88-10")
def test_it_is_given_out_over_rest() -> None:
    batch = completed_batch()
    token = client_token(Site.objects.get(pk=batch.site_id))[1]
    path = f"/api/v1/batches/{batch.number}/production-record/"
    answer = signed_in(quality()).get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert faults(answer.json()) == []
    assert signed_in(quality()).get(f"{path}?x=1").status_code == 400
