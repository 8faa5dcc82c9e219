"""Floors: who may know whom, beyond what the import contracts say."""

from __future__ import annotations

import ast
from pathlib import Path

from django.apps import apps
from django.db import models

from audit.models import Recorded
from kernel.events import Event, readers_of
from tests.architecture.test_sizes_and_words import ROOT, shown, sources

FLOORS = ("kernel", "audit", "supply", "recipes", "batches", "quality", "monitoring", "mes")
HEIGHT = {
    "kernel": 0,
    "audit": 1,
    "supply": 2,
    "recipes": 4,
    "batches": 5,
    "quality": 6,
    "monitoring": 6,
    "mes": 7,
}
# What an app may take from a floor below: its doors, not its rooms.
DOORS = {"commands", "queries", "events", "states", "rules"}
GROUND_DOORS = DOORS | {
    "acts",
    "edges",
    "signing",
    "permissions",
    "models",
    "api",
    "views",
    "verification",
    "ledger",
    "keys",
    "csv",
    "guards",
    "forms",
}


def imports_of(path: Path) -> list[str]:
    """Return what a file imports from modules; a package is entered by each name it is asked for."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module in HEIGHT:
                found += [f"{node.module}.{one.name}" for one in node.names]
            else:
                found.append(node.module)
    return found


def test_a_floor_is_entered_by_its_doors_only() -> None:
    wrong = []
    for app in ("supply", "recipes", "batches", "quality", "monitoring"):
        for path in sources(app):
            for module in imports_of(path):
                floor, _, room = module.partition(".")
                if floor not in HEIGHT or floor in (app, "kernel"):
                    continue
                door = room.split(".")[0]
                if floor == "audit":
                    allowed = door in GROUND_DOORS
                elif "models" in path.relative_to(ROOT).parts:
                    allowed = door in DOORS | {"models"}
                else:
                    allowed = door in DOORS
                if not allowed:
                    wrong.append(f"{shown(path)} imports {module}")
    assert wrong == []


def test_no_foreign_key_points_up() -> None:
    wrong = []
    for model in apps.get_models():
        here = HEIGHT.get(model._meta.app_label)
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and here is not None:
                there = HEIGHT.get(field.related_model._meta.app_label)
                if there is not None and there > here:
                    wrong.append(f"{model._meta.label}.{field.name}")
    assert wrong == []


def test_every_record_names_its_stream_and_is_never_cascaded_away() -> None:
    records = [model for model in apps.get_models() if issubclass(model, Recorded)]
    assert len(records) > 20
    for model in records:
        kind, field = model.chained_in
        assert field is None or field == "pk" or model._meta.get_field(field), model
        assert kind or field, model
        for one in model._meta.get_fields():
            if isinstance(one, models.ForeignKey):
                assert one.remote_field.on_delete is models.PROTECT, f"{model}.{one.name}"


def all_events(root: type[Event] = Event) -> list[type[Event]]:
    return [made for child in root.__subclasses__() for made in (child, *all_events(child))]


def test_every_event_has_a_reader_or_a_place_in_the_feed() -> None:
    for app in ("supply", "recipes", "batches", "quality", "monitoring"):
        if (ROOT / app / "events.py").exists():
            __import__(f"{app}.events")
    ours = [one for one in all_events() if one.__module__.split(".")[0] in FLOORS]
    lost = [event.__name__ for event in ours if not event.kind and not readers_of(event)]
    assert lost == []


def test_no_event_in_the_feed_shows_a_person() -> None:
    shown_fields = {name for event in all_events() for name in event.public}
    assert not shown_fields & {"name", "family_name", "given_name", "birth_date", "identifiers"}
