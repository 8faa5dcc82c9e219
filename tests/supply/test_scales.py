"""Scales: the lines in which they answer, the wires they answer on, and what they are connected by."""

from __future__ import annotations

import fcntl
import os
import pty
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotPermitted
from mes import env
from supply import commands
from supply.drivers import lines, simulated
from supply.models import LogbookEntry
from supply.queries import reasons_against
from supply.rules.mtsics import shown_in
from tests.worlds.audit import NOON, act_by
from tests.worlds.batches import operator
from tests.worlds.quality import quality
from tests.worlds.recipes import engineer
from tests.worlds.scales import grams, ready_scale


@pytest.mark.requirement("P11-10", "A11D-06")
@pytest.mark.parametrize(
    ("line", "value", "unit"),
    [
        (b"S S     100.00 g\r\n", "100.00", "g"),
        (b"S S      -0.0012 g", "-0.0012", "g"),
        (b"S S    1250.0 mg\r\n", "1250.0", "mg"),
        (b"S S 12 kg\n", "12", "kg"),
        (b"S S      3.5 \xb5g\r\n", "3.5", "ug"),
    ],
)
def test_a_stable_weight_is_read_with_every_digit(line: bytes, value: str, unit: str) -> None:
    found = shown_in(line)
    assert (str(found.value), found.unit) == (value, unit)


@pytest.mark.requirement("P11-10")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"S D     100.02 g\r\n", "unstable"), (b"S +\r\n", "overload"), (b"S -\r\n", "underload"),
        (b"S I\r\n", "not_ready"), (b"ES\r\n", "not_understood"), (b"", "no_weight"),
        (b"S S 1,25 g", "no_weight"), (b"S S 12.5 lb", "no_weight"), (b"S S g", "no_weight"),
        (b"S S 12.5", "no_weight"), (b"S S 1e3 g", "no_weight"), (b"S S NaN g", "no_weight"),
        (b"S S  5.0 g S S 6.0 g", "no_weight"), (b"S S " + b" " * 90 + b"5 g", "no_weight"),
        (b"S S \xd9\xa1 g", "no_weight"),
    ],
)  # fmt: skip
def test_what_is_no_weight_is_told_as_what_it_is(line: bytes, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        shown_in(line)
    assert refused.value.code == code


@given(st.binary(max_size=120))
def test_whatever_comes_is_a_finite_weight_or_a_refusal(line: bytes) -> None:
    with suppress(Conflict):
        found = shown_in(line)
        assert found.value.is_finite()
        assert line.startswith(b"S S ")


@contextmanager
def scale_on_tcp(*answers: bytes) -> Iterator[str]:
    """A scale on a port of this machine: one answer for each connection; none: it hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                line, _ = server.accept()
                with line:
                    assert line.recv(16) == b"S\r\n"
                    for part in answer.split(b"|"):
                        line.sendall(part)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


@pytest.mark.requirement("P11-10")
def test_a_scale_answers_over_tcp() -> None:
    with scale_on_tcp(b"S S   |  12.|50 g\r\nS S 1 g", b"S D 1 g\r\n", b"S S 12", b"x" * 200) as at:
        assert lines.read_tcp(at).value == Decimal("12.50")
        for code in ("unstable", "no_answer", "no_weight"):
            with pytest.raises(Conflict) as refused:
                lines.read_tcp(at, wait=0.5)
            assert refused.value.code == code


def test_a_scale_that_keeps_silent_or_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(Conflict) as refused:
            lines.read_tcp(at, wait=0.1)
        assert refused.value.code == "no_answer"
    for address, code in ((at, "no_scale"), ("nowhere", "no_address"), ("h:0", "no_address")):
        with pytest.raises(Conflict) as refused:
            lines.read_tcp(address, wait=0.1)
        assert refused.value.code == code


@pytest.mark.requirement("P11-10")
def test_a_scale_answers_on_a_serial_line() -> None:
    ours, theirs = pty.openpty()
    try:

        def serve() -> None:
            assert os.read(ours, 16) == b"S\r\n"
            os.write(ours, b"S S      8.3000 g\r\n")

        thread = Thread(target=serve, daemon=True)
        thread.start()
        assert lines.read_serial(os.ttyname(theirs)).value == Decimal("8.3000")
        thread.join(5)
        with pytest.raises(Conflict) as refused:
            lines.read_serial(os.ttyname(theirs), wait=0.1)
        assert refused.value.code == "no_answer"
        # Two that read one line would take each other's answers.
        with open(os.ttyname(theirs), "rb+", buffering=0) as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(Conflict) as refused:
                lines.read_serial(os.ttyname(theirs), wait=0.1)
        assert refused.value.code == "scale_busy"
    finally:
        os.close(ours)
        os.close(theirs)
    with pytest.raises(Conflict) as refused:
        lines.read_serial("/dev/none-of-ours")
    assert refused.value.code == "no_scale"


@pytest.mark.django_db
@pytest.mark.requirement("P11-10")
def test_a_connected_scale_shows_what_lies_on_it(settings: Any) -> None:
    scale = ready_scale()
    assert commands.read_scale(scale, load=Decimal("8.31234")).value == Decimal("8.3123")
    simulated.script("simulated", grams("12.5"), b"S +\r\n")
    assert commands.read_scale(scale).value == Decimal("12.5")
    with pytest.raises(Conflict, match="too much on the scale"):
        commands.read_scale(scale)
    with scale_on_tcp(grams("7.25")) as at:
        settings.SCALE_LINES = {"simulated": f"tcp://{at}"}
        assert commands.read_scale(scale).value == Decimal("7.25")
    settings.SCALE_LINES = {}
    with pytest.raises(Conflict) as refused:
        commands.read_scale(scale)
    assert refused.value.code == "not_connected"


@pytest.mark.django_db
@pytest.mark.requirement("P11-10", "SEC-04")
def test_another_connection_asks_for_another_qualification() -> None:
    ready_scale(line="")
    made = commands.connect_scale(
        code="BAL-1", line="simulated", reason="A new cable", act=act_by(engineer())
    )
    assert (made.scale_line, made.qualification) == ("simulated", "not_qualified")
    reasons = reasons_against(made, batch="B-1", at=NOON)
    assert [one.code for one in reasons] == ["not_qualified"]
    assert "A new cable" in str(LogbookEntry.objects.latest("pk").words)
    assert not list(Verifier().findings())
    for line, reason, error in (
        ("tcp://10.0.0.1:22", "why", Invalid), ("nowhere", "why", Invalid), ("simulated", " ", Invalid),
    ):  # fmt: skip
        with pytest.raises(error):
            commands.connect_scale(code="BAL-1", line=line, reason=reason, act=act_by(engineer()))
    for person in (operator(), quality()):
        with pytest.raises(NotPermitted):
            commands.connect_scale(code="BAL-1", line="", reason="why", act=act_by(person))


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("bench-1=tcp://10.0.0.5:8001,bench-2=serial:///dev/ttyS0", True), ("", True),
        ("a=simulated", True), ("bench", False), ("b=http://x", False), ("b=tcp://x", False),
        ("b=serial://etc/passwd", False), ("=tcp://h:1", False),
    ],
)  # fmt: skip
def test_the_settings_name_lines(monkeypatch: pytest.MonkeyPatch, text: str, is_good: bool) -> None:
    monkeypatch.setenv("SCALE_LINES", text)
    if is_good:
        assert len(env.scales("SCALE_LINES", ())) == len([one for one in text.split(",") if one])
    else:
        with pytest.raises(env.SettingError, match="SCALE_LINES"):
            env.scales("SCALE_LINES", ())
