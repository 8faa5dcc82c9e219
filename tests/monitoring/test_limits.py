"""A sensor in alarm: once, at the right moment, and never for nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.limits import (
    Condition,
    LimitSet,
    LimitsOutOfOrder,
    Reading,
    Transition,
    further,
    judge,
    listen,
    tightened,
)
from monitoring.rules.quality import (
    BAD_NO_COMMUNICATION,
    UNCERTAIN,
    is_bad,
    is_uncertain,
    quality_at,
    quality_of,
    word_of,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOM = LimitSet(
    critical_low=Decimal(15),
    warn_low=Decimal(18),
    warn_high=Decimal(22),
    critical_high=Decimal(25),
    hysteresis=Decimal("0.5"),
    silence_s=10,
)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def watched(
    values: list[str | None], limits: LimitSet = ROOM, *, every: float = 1.0
) -> list[Transition]:
    """Judge one value a second; None is a bad reading."""
    condition, told = Condition(), []
    for second, value in enumerate(values):
        reading = Reading(
            at=at(second * every),
            value=None if value is None else Decimal(value),
            quality=BAD_NO_COMMUNICATION if value is None else 0,
        )
        condition, moves = judge(condition, reading, limits)
        told.extend(moves)
    return told


def shown(told: list[Transition]) -> list[tuple[str, str, float]]:
    return [(t.move, t.cause, (t.at - NOON).total_seconds()) for t in told]


def test_a_value_on_the_limit_is_inside() -> None:
    assert watched(["22", "22.0", "18"]) == []


@pytest.mark.requirement("OPC-04")
def test_a_value_that_flaps_around_a_limit_gives_one_alarm() -> None:
    assert shown(watched(["21.9", "22.1"] * 50)) == [("raised", "warn_high", 1)]


def test_an_alarm_ends_when_the_value_is_back_by_the_hysteresis() -> None:
    told = watched(["20", "22.1", "21.6", "21.5", "21.4"])
    assert shown(told) == [("raised", "warn_high", 1), ("cleared", "warn_high", 3)]


def test_a_breach_shorter_than_the_delay_says_nothing() -> None:
    limits = LimitSet(warn_high=Decimal(22), delay_s=3, silence_s=0)
    assert watched(["20", "23", "23", "23", "20", "20"], limits) == []


def test_a_breach_alarms_when_the_delay_is_over_and_knows_when_it_began() -> None:
    limits = LimitSet(critical_high=Decimal(22), delay_s=3, silence_s=0)
    told = watched(["20", "23", "23", "23", "23", "23"], limits)
    assert shown(told) == [("raised", "critical_high", 4)]
    assert told[0].since == at(1)


def test_a_warning_that_gets_worse_is_escalated_and_not_raised_again() -> None:
    assert shown(watched(["20", "23", "26", "23", "20"])) == [
        ("raised", "warn_high", 1),
        ("escalated", "critical_high", 2),
        ("cleared", "critical_high", 4),
    ]


def test_a_jump_beyond_both_limits_is_critical_at_once() -> None:
    assert shown(watched(["20", "30"])) == [("raised", "critical_high", 1)]


def test_a_swing_from_one_side_to_the_other_is_two_alarms() -> None:
    assert shown(watched(["30", "10"])) == [
        ("raised", "critical_high", 0),
        ("cleared", "critical_high", 1),
        ("raised", "critical_low", 1),
    ]


@pytest.mark.requirement("OPC-01", "TMP-03")
def test_one_bad_reading_is_not_a_breach() -> None:
    shipper = LimitSet(critical_high=Decimal(-150), silence_s=10)
    assert watched(["-160", None, "-160"], shipper) == []


@pytest.mark.requirement("OPC-01")
def test_the_value_of_a_bad_reading_counts_for_nothing() -> None:
    spike = Reading(at=at(1), value=Decimal(999), quality=quality_of(0x80000000))
    assert judge(Condition(heard_at=NOON), spike, ROOM) == (Condition(heard_at=NOON), ())


@pytest.mark.requirement("TMP-03")
def test_one_good_value_beyond_the_limit_of_a_dry_shipper_is_an_excursion() -> None:
    shipper = LimitSet(critical_high=Decimal(-150), silence_s=10)
    assert shown(watched(["-160", "-149.9"], shipper)) == [("raised", "critical_high", 1)]


@pytest.mark.requirement("OPC-03")
def test_bad_readings_for_the_silence_time_are_a_breach() -> None:
    told = watched(["20", *[None] * 20, "20"])
    assert shown(told) == [("raised", "silence", 10), ("cleared", "silence", 21)]
    assert told[0].severity == "critical"
    assert told[0].since == NOON


def test_a_sensor_of_which_nothing_is_heard_is_in_alarm_once() -> None:
    condition, _ = judge(Condition(), Reading(at=NOON, value=Decimal(20)), ROOM)
    told = []
    for second in range(1, 30):
        condition, moves = listen(condition, at(second), ROOM)
        told.extend(moves)
    assert shown(told) == [("raised", "silence", 10)]


def test_a_sensor_that_never_spoke_is_silent_from_the_first_look() -> None:
    condition, told = listen(Condition(), NOON, ROOM)
    assert told == ()
    assert shown(list(listen(condition, at(10), ROOM)[1])) == [("raised", "silence", 10)]


def test_a_gap_that_nobody_listened_to_is_noticed_at_its_end() -> None:
    assert shown(watched(["20", "20"], every=60)) == [
        ("raised", "silence", 60),
        ("cleared", "silence", 60),
    ]


def test_a_warning_that_falls_silent_becomes_critical_and_is_judged_anew_after() -> None:
    told = watched(["23", *[None] * 10, "23"])
    assert shown(told) == [
        ("raised", "warn_high", 0),
        ("escalated", "silence", 10),
        ("cleared", "silence", 11),
        ("raised", "warn_high", 11),
    ]


def test_a_delay_runs_out_between_readings() -> None:
    limits = LimitSet(critical_high=Decimal(22), delay_s=3, silence_s=10)
    condition, _ = judge(Condition(), Reading(at=NOON, value=Decimal(23)), limits)
    condition, early = listen(condition, at(2), limits)
    condition, told = listen(condition, at(3), limits)
    assert (early, shown(list(told))) == ((), [("raised", "critical_high", 3)])


@pytest.mark.requirement("OPC-03")
def test_readings_that_were_stored_and_forwarded_fill_the_gap_and_do_not_end_the_silence() -> None:
    condition, _ = judge(Condition(), Reading(at=NOON, value=Decimal(20)), ROOM)
    condition, raised = listen(condition, at(30), ROOM)
    condition, replayed = judge(condition, Reading(at=at(5), value=Decimal(20)), ROOM)
    condition, live = judge(condition, Reading(at=at(31), value=Decimal(20)), ROOM)
    assert [shown(list(moves)) for moves in (raised, replayed, live)] == [
        [("raised", "silence", 30)],
        [],
        [("cleared", "silence", 31)],
    ]


@pytest.mark.requirement("OPC-03")
def test_a_reading_judged_twice_changes_nothing() -> None:
    reading = Reading(at=NOON, value=Decimal(30))
    condition, told = judge(Condition(), reading, ROOM)
    assert len(told) == 1
    assert judge(condition, reading, ROOM) == (condition, ())


def test_an_uncertain_value_counts() -> None:
    reading = Reading(at=NOON, value=Decimal(30), quality=UNCERTAIN)
    assert len(judge(Condition(), reading, ROOM)[1]) == 1


@pytest.mark.requirement("OPC-01")
def test_the_two_top_bits_of_a_status_code_are_its_severity() -> None:
    codes = (0x00000000, 0x40000000, 0x80000000, 0x808C0000, 0x40920400)
    words = [word_of(quality_of(code)) for code in codes]
    assert words == ["good", "uncertain", "bad", "bad", "uncertain"]
    assert all(-32768 <= quality_of(code) <= 32767 for code in codes)


@pytest.mark.requirement("OPC-03")
def test_a_reading_from_the_future_is_uncertain() -> None:
    assert is_uncertain(quality_at(0, at(600), NOON))
    assert quality_at(0, at(1), NOON) == 0
    assert is_bad(quality_at(BAD_NO_COMMUNICATION, at(600), NOON))


@pytest.mark.parametrize(
    "stated",
    [
        {"warn_high": Decimal(25), "critical_high": Decimal(24)},
        {"critical_low": Decimal(30), "critical_high": Decimal(24)},
        {"critical_high": Decimal("NaN")},
        {"warn_low": Decimal(18), "warn_high": Decimal(19), "hysteresis": Decimal("0.5")},
        {"delay_s": -1},
    ],
)
def test_limits_that_contradict_each_other_are_refused(stated: dict[str, Decimal]) -> None:
    with pytest.raises(LimitsOutOfOrder):
        LimitSet(**stated)  # type: ignore[arg-type]


def test_the_further_of_two_values_lies_on_the_side_of_the_limit() -> None:
    assert further("warn_low", Decimal(3), Decimal(5)) == Decimal(3)
    assert further("critical_high", Decimal(3), Decimal(5)) == Decimal(5)
    assert further("silence", None, Decimal(5)) == Decimal(5)


walks = st.lists(st.one_of(st.none(), st.decimals("10", "30", places=1)), min_size=1, max_size=60)
limit_sets = st.builds(
    LimitSet,
    critical_low=st.sampled_from([None, Decimal(12)]),
    warn_low=st.sampled_from([None, Decimal(15)]),
    warn_high=st.sampled_from([None, Decimal(22)]),
    critical_high=st.sampled_from([None, Decimal(25)]),
    delay_s=st.integers(0, 4),
    hysteresis=st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(2)]),
    silence_s=st.sampled_from([0, 5]),
)


@given(walks, limit_sets)
def test_alarms_open_and_close_in_turn_and_only_get_worse(
    values: list[Decimal | None], limits: LimitSet
) -> None:
    told = watched([None if value is None else str(value) for value in values], limits)
    before: Transition | None = None
    for move in told:
        is_open = before is not None and before.move != "cleared"
        assert (move.move == "raised") == (not is_open)
        if before is not None and move.move == "escalated":
            assert (before.severity, move.severity) == ("warning", "critical")
        if before is not None and move.move == "cleared":
            assert move.cause == before.cause
        before = move
    assert all(one.at <= other.at for one, other in pairwise(told))


@given(walks, limit_sets)
def test_a_value_beyond_a_critical_limit_without_delay_is_always_in_alarm(
    values: list[Decimal | None], limits: LimitSet
) -> None:
    condition = Condition()
    for second, value in enumerate(values):
        reading = Reading(at=at(second), value=value, quality=0 if value is not None else -1)
        condition, _ = judge(condition, reading, limits)
        beyond = value is not None and (
            (limits.critical_high is not None and value > limits.critical_high)
            or (limits.critical_low is not None and value < limits.critical_low)
        )
        if beyond and limits.delay_s == 0:
            assert condition.severity == "critical"


@given(st.decimals("-200", "1000", places=3), st.decimals("-200", "1000", places=3))
def test_floats_and_decimals_agree_about_a_limit(value: Decimal, limit: Decimal) -> None:
    assert (float(value) > float(limit)) == (value > limit)


def test_the_tighter_of_two_limits_holds_on_each_side() -> None:
    recipe = LimitSet(critical_low=Decimal(19), critical_high=Decimal(30), delay_s=9, silence_s=60)
    both = tightened(ROOM, recipe)
    assert (both.critical_low, both.critical_high) == (Decimal(19), Decimal(25))
    assert (both.warn_low, both.warn_high) == (Decimal(19), Decimal(22))
    assert (both.delay_s, both.silence_s) == (0, 10)


def test_limits_without_a_common_value_are_refused() -> None:
    with pytest.raises(LimitsOutOfOrder):
        tightened(ROOM, LimitSet(critical_high=Decimal(8), silence_s=0))


@given(limit_sets, limit_sets, st.decimals("5", "30", places=1))
def test_what_breaks_either_limit_breaks_both_together(
    one: LimitSet, other: LimitSet, value: Decimal
) -> None:
    both = tightened(one, other)

    def breaks(limits: LimitSet) -> bool:
        low, high = limits.critical_low, limits.critical_high
        return (high is not None and value > high) or (low is not None and value < low)

    assert breaks(both) == (breaks(one) or breaks(other))
    assert tightened(both, other) == both
