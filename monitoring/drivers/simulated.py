"""A simulated sensor: plausible, seeded, and a pure function of (seed, code, time).

The undisturbed value is a baseline with a day's rhythm, smooth noise on several time scales
(longer scales move further, as in an Ornstein-Uhlenbeck process), and the noise of the
measurement itself. Nothing is remembered between readings: any moment can be asked for, in any
order and by any process, and gives the same answer.

A fault acts as it would in a room: a step approaches its level exponentially with the time
constant of the quantity and relaxes likewise when it ends; a drift is a ramp; a spike is
electrical and has no inertia; an open door lets the surroundings in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from monitoring.drivers import FAULT_KINDS, Fault, RawReading, SensorSpec
from monitoring.rules.quality import BAD_SENSOR_FAILURE

DAY_S = 86_400.0
SCALES_S = (30.0, 240.0, 1800.0, 14400.0)
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a quantity behaves, in its unit.

    ``daily`` is the amplitude of the day's rhythm, ``wander`` the standard deviation of the
    smooth noise, ``jitter`` that of the measurement, ``tau_s`` the time constant with which the
    quantity follows a disturbance, ``outside`` what an open door lets in, ``door_tau_s`` how fast.
    """

    daily: float
    wander: float
    jitter: float
    tau_s: float
    outside: float
    door_tau_s: float
    lowest: float = -math.inf
    highest: float = math.inf


PROFILES = {
    "temperature": Profile(
        daily=0.25,
        wander=0.12,
        jitter=0.02,
        tau_s=8.0,
        outside=26.0,
        door_tau_s=240.0,
        lowest=-273.15,
    ),
    "humidity": Profile(
        daily=1.5,
        wander=0.8,
        jitter=0.15,
        tau_s=10.0,
        outside=62.0,
        door_tau_s=120.0,
        lowest=0.0,
        highest=100.0,
    ),
    "differential_pressure": Profile(
        daily=0.4,
        wander=0.7,
        jitter=0.35,
        tau_s=1.5,
        outside=0.0,
        door_tau_s=1.5,
    ),
    "incubator_temperature": Profile(
        daily=0.02,
        wander=0.03,
        jitter=0.01,
        tau_s=20.0,
        outside=22.0,
        door_tau_s=600.0,
        lowest=-273.15,
    ),
    "co2": Profile(
        daily=0.01,
        wander=0.03,
        jitter=0.01,
        tau_s=15.0,
        outside=0.04,
        door_tau_s=45.0,
        lowest=0.0,
        highest=100.0,
    ),
}


@lru_cache(maxsize=65_536)
def _normal(seed: int, code: str, scale: int, knot: int) -> float:
    """Return the standard normal number that belongs to this knot (Box-Muller over a hash)."""
    told = f"{seed}|{code}|{scale}|{knot}".encode()
    drawn = int.from_bytes(blake2b(told, digest_size=16).digest())
    one = ((drawn >> 64) + 1) / (2**64 + 1)
    two = (drawn & (2**64 - 1)) / 2**64
    return math.sqrt(-2.0 * math.log(one)) * math.cos(2.0 * math.pi * two)


def _smooth(seed: int, code: str, scale: int, t: float) -> float:
    """Return smooth noise of unit variance whose knots are ``SCALES_S[scale]`` apart.

    The weights are those of a raised cosine, made to sum to one in squares, so that the variance
    is the same between knots as on them.
    """
    place = t / SCALES_S[scale]
    knot = math.floor(place)
    angle = (place - knot) * math.pi / 2.0
    before, after = (
        _normal(seed, code, scale, knot),
        _normal(seed, code, scale, knot + 1),
    )
    return before * math.cos(angle) + after * math.sin(angle)


def undisturbed(spec: SensorSpec, at: datetime) -> float:
    """Return the value without faults, before rounding."""
    profile = PROFILES[spec.quantity]
    t = at.timestamp()
    phase = _normal(spec.seed, spec.code, -1, 0)
    value = spec.baseline + profile.daily * math.sin(2.0 * math.pi * t / DAY_S + phase)
    shares = [math.sqrt(scale) for scale in SCALES_S]
    whole = math.sqrt(sum(share * share for share in shares))
    for scale, share in enumerate(shares):
        value += profile.wander * share / whole * _smooth(spec.seed, spec.code, scale, t)
    return value + profile.jitter * _normal(spec.seed, spec.code, -2, round(t * 1000))


def _approach(elapsed_s: float, tau_s: float) -> float:
    """Return how far a first-order system has come: 0 at once, 1 in the end."""
    return -math.expm1(-elapsed_s / tau_s)


def _reach(fault: Fault, at: datetime, tau_s: float) -> float:
    """Return how far an exponential fault has come at ``at``, between 0 and 1, its end included."""
    elapsed = (at - fault.starts_at).total_seconds()
    if fault.ends_at is None or at < fault.ends_at:
        return _approach(elapsed, tau_s)
    whole = _approach((fault.ends_at - fault.starts_at).total_seconds(), tau_s)
    return whole * math.exp(-(at - fault.ends_at).total_seconds() / tau_s)


def _ramp(fault: Fault, at: datetime, tau_s: float) -> float:
    """Return how far a drift has come: all the way at its end, or once an hour without one."""
    elapsed = (at - fault.starts_at).total_seconds()
    if fault.ends_at is None:
        return elapsed / HOUR_S
    whole = (fault.ends_at - fault.starts_at).total_seconds()
    if at < fault.ends_at:
        return elapsed / whole
    return math.exp(-(at - fault.ends_at).total_seconds() / tau_s)


def _is_on(fault: Fault, at: datetime) -> bool:
    return fault.starts_at <= at and (fault.ends_at is None or at < fault.ends_at)


class Simulated:
    """The driver that plays the sensors of the demo and of the tests."""

    def read(
        self, spec: SensorSpec, at: datetime, faults: Sequence[Fault] = ()
    ) -> RawReading | None:
        """Return the reading at ``at``, or None while a fault keeps the sensor from answering."""
        begun = [fault for fault in faults if fault.starts_at <= at]
        on = [fault for fault in begun if _is_on(fault, at)]
        if any(fault.kind == "dropout" for fault in on):
            return None
        stuck = min((f.starts_at for f in on if f.kind == "stuck"), default=None)
        if any(fault.kind == "bad" for fault in on):
            return RawReading(value=None, source_at=at, quality=BAD_SENSOR_FAILURE)
        moment = at if stuck is None else stuck
        value = self._value(spec, moment, [f for f in begun if f.starts_at <= moment])
        return RawReading(value=value, source_at=at)

    def _value(self, spec: SensorSpec, at: datetime, faults: Sequence[Fault]) -> float:
        profile = PROFILES[spec.quantity]
        value = undisturbed(spec, at)
        for fault in faults:
            if fault.kind == "step":
                value += fault.magnitude * _reach(fault, at, profile.tau_s)
            elif fault.kind == "drift":
                value += fault.magnitude * _ramp(fault, at, profile.tau_s)
            elif fault.kind == "spike" and _is_on(fault, at):
                value += fault.magnitude
            elif fault.kind == "door_open":
                drop = profile.outside - spec.baseline
                value += fault.magnitude * drop * _reach(fault, at, profile.door_tau_s)
        value = min(max(value, profile.lowest), profile.highest)
        return round(value, spec.decimals) + 0.0


def fault_for(
    kind: str,
    starts_at: datetime,
    *,
    seconds: float | None = None,
    magnitude: float = 1.0,
) -> Fault:
    """Return a fault of ``kind`` that lasts ``seconds``.

    Raises:
        ValueError: unknown kind, or a length or magnitude that makes no sense.
    """
    if kind not in FAULT_KINDS:
        raise ValueError(f"A fault is one of {', '.join(FAULT_KINDS)}.")
    if not math.isfinite(magnitude) or abs(magnitude) > 1000:
        raise ValueError("A magnitude is a number between -1000 and 1000.")
    if seconds is not None and not 0 < seconds <= 7 * DAY_S:
        raise ValueError("A fault lasts more than nothing and at most a week.")
    ends_at = None if seconds is None else starts_at + timedelta(seconds=seconds)
    return Fault(kind=kind, starts_at=starts_at, ends_at=ends_at, magnitude=magnitude)
