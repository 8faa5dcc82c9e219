"""Simulated sensors: plausible, repeatable, and broken on demand."""

from __future__ import annotations

import csv
import gzip
import statistics
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitoring.drivers import Fault, SensorSpec, driver_named, driver_names
from monitoring.drivers.simulated import PROFILES, Simulated, fault_for
from monitoring.rules.quality import is_bad

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOM = SensorSpec(code="ROOM101-TEMP", quantity="temperature", decimals=2, baseline=20.5, seed=7)
SPECS = (
    ROOM,
    SensorSpec(code="ROOM101-RH", quantity="humidity", decimals=1, baseline=45, seed=7),
    SensorSpec(
        code="ROOM101-DP", quantity="differential_pressure", decimals=1, baseline=15, seed=7
    ),
    SensorSpec(code="INC1-TEMP", quantity="incubator_temperature", decimals=2, baseline=37, seed=7),
    SensorSpec(code="INC1-CO2", quantity="co2", decimals=2, baseline=5, seed=7),
)
PLAUSIBLE = {
    "temperature": (19.0, 22.0, 0.3),
    "humidity": (38.0, 52.0, 2.5),
    "differential_pressure": (9.0, 21.0, 4.0),
    "incubator_temperature": (36.8, 37.2, 0.12),
    "co2": (4.8, 5.2, 0.15),
}
driver = Simulated()


def value(spec: SensorSpec, second: float, *faults: Fault) -> float:
    reading = driver.read(spec, NOON + timedelta(seconds=second), faults)
    assert reading is not None
    assert reading.value is not None
    return reading.value


def test_a_moment_has_one_value_whoever_asks_and_in_whatever_order() -> None:
    asked = [value(ROOM, second) for second in range(100)]
    again = [value(ROOM, second) for second in reversed(range(100))]
    assert asked == again[::-1]
    assert len(set(asked)) > 5


def test_another_seed_or_another_code_is_another_sensor() -> None:
    twin = SensorSpec(
        code="ROOM102-TEMP", quantity="temperature", decimals=2, baseline=20.5, seed=7
    )
    reseeded = SensorSpec(code=ROOM.code, quantity="temperature", decimals=2, baseline=20.5, seed=8)
    lines = {tuple(value(spec, s) for s in range(30)) for spec in (ROOM, twin, reseeded)}
    assert len(lines) == 3


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.quantity)
def test_a_day_stays_within_what_the_quantity_does(spec: SensorSpec) -> None:
    low, high, step = PLAUSIBLE[spec.quantity]
    day = [value(spec, second) for second in range(0, 86_400, 61)]
    minute = [value(spec, second) for second in range(300)]
    assert low <= min(day)
    assert max(day) <= high
    assert statistics.pstdev(day) > 0
    assert max(abs(b - a) for a, b in pairwise(minute)) <= step
    assert all(round(shown, spec.decimals) == shown for shown in day)


def test_every_quantity_has_a_profile_that_was_tried() -> None:
    assert {spec.quantity for spec in SPECS} == set(PROFILES) == set(PLAUSIBLE)


def test_a_step_approaches_its_level_and_relaxes_after_its_end() -> None:
    step = fault_for("step", NOON, seconds=60, magnitude=6)
    rise = [value(ROOM, s, step) - value(ROOM, s) for s in range(60)]
    assert value(ROOM, -1, step) == value(ROOM, -1)
    assert all(b >= a - 0.0101 for a, b in pairwise(rise))
    assert rise[-1] == pytest.approx(6, abs=0.1)
    assert rise[8] == pytest.approx(6 * (1 - 2.71828**-1), abs=0.1)
    assert value(ROOM, 300, step) == pytest.approx(value(ROOM, 300), abs=0.02)


def test_a_drift_is_a_ramp() -> None:
    drift = fault_for("drift", NOON, seconds=1000, magnitude=10)
    moved = [value(ROOM, s, drift) - value(ROOM, s) for s in (0, 250, 500)]
    assert moved == pytest.approx([0, 2.5, 5], abs=0.011)


def test_a_spike_comes_and_goes_at_once() -> None:
    spike = fault_for("spike", NOON, seconds=1, magnitude=50)
    moved = [value(ROOM, s, spike) - value(ROOM, s) for s in (-1, 0, 1)]
    assert moved == pytest.approx([0, 50, 0])


def test_a_stuck_sensor_repeats_itself() -> None:
    stuck = fault_for("stuck", NOON, seconds=100)
    assert {value(ROOM, s, stuck) for s in range(100)} == {value(ROOM, 0)}


def test_a_dropout_gives_nothing_and_a_broken_sensor_a_bad_reading() -> None:
    assert driver.read(ROOM, NOON, [fault_for("dropout", NOON)]) is None
    reading = driver.read(ROOM, NOON, [fault_for("bad", NOON)])
    assert reading is not None
    assert reading.value is None
    assert is_bad(reading.quality)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.quantity)
def test_an_open_door_lets_the_surroundings_in(spec: SensorSpec) -> None:
    door = fault_for("door_open", NOON, seconds=1200)
    outside = PROFILES[spec.quantity].outside
    before, after = value(spec, 0), value(spec, 1199, door)
    assert abs(after - outside) < abs(before - outside) * 0.2


def test_humidity_stays_possible_whatever_the_fault() -> None:
    flood = fault_for("step", NOON, magnitude=500)
    assert value(SPECS[1], 600, flood) == 100.0


@pytest.mark.parametrize(
    ("kind", "length", "magnitude"),
    [("burn", 1.0, 1.0), ("step", 0.0, 1.0), ("step", 1.0, float("nan")), ("step", 1e9, 1.0)],
)
def test_a_senseless_fault_is_refused(kind: str, length: float, magnitude: float) -> None:
    with pytest.raises(ValueError):
        fault_for(kind, NOON, seconds=length, magnitude=magnitude)


def test_a_driver_is_found_by_its_name() -> None:
    assert "simulated" in driver_names()
    assert isinstance(driver_named("simulated"), Simulated)
    with pytest.raises(LookupError):
        driver_named("telepathy")


def test_the_room_moves_as_a_measured_room_does() -> None:
    """Compare steps from minute to minute with the room of the UCI occupancy data."""
    measured = Path(__file__).parents[3] / "shared/data/sensor/occupancy/datatest.txt.gz"
    if not measured.exists():
        pytest.skip("the measured room is not at hand")
    with gzip.open(measured, "rt") as lines:
        real = [float(row[2]) for row in list(csv.reader(lines))[1:]]
    ours = [value(ROOM, 60 * minute) for minute in range(len(real))]
    steps = [[abs(b - a) for a, b in pairwise(line)] for line in (real, ours)]
    ratio = statistics.median(steps[1]) / max(statistics.median(steps[0]), 0.005)
    assert 0.1 < ratio < 15
