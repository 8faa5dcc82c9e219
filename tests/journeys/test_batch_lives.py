"""Random lives of batches, from issue to the last decision, beside a small model of them.

Every gesture is asked of both: either both refuse it, and the record stays as it was, or both
carry it out, and then batch, steps, phases, values, exceptions, holds and deviations agree. At its
end each life must satisfy what the database checks at a commit, and its ledger must verify.

``ONELOT_LIVES`` says how many lives are lived: 40 as a rule, 2,000 before a release.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audit.acts import Act
from audit.models import User
from audit.signing import digest_of
from batches import commands, queries
from batches.models import Batch, Hold, Step, StepValue
from kernel.errors import Refusal
from quality import commands as decisions
from quality import queries as judged
from quality.models import BatchException, Deviation
from supply.models import Container
from tests.conftest import NOON
from tests.worlds import quality as desk
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import again, issued_batch, operator, received_order, step_of, verifier
from tests.worlds.forward import forward
from tests.worlds.gestures import CORRECTABLE, ENTRIES, ROLES, STEPS, Gesture, Refused
from tests.worlds.lives import Life
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

LIVES = int(os.environ.get("ONELOT_LIVES", "40"))
LONGEST = 70
VERBS = ("pause", "resume", "hold", "restart", "stop", "abort")


def recipe() -> dict[str, Any]:
    """The recipe of these lives: five steps, two of them beside each other."""
    plain = plain_document()
    steps = [
        step("L1", "confirm", "Clear the line"),
        step("L2", "scan_identity", "Identify the bag", target="bag", verify=True, critical=True),
        step(
            "L3", "number", "Measure", parameter="volume", unit="mL", decimals=1, verify=True,
            critical=True, hard={"min": "10.0", "max": "200.0"},
            soft={"min": "50.0", "max": "100.0"}, after=["L2"],
        ),
        step(
            "L4", "choice", "Look", accepted=["clear"], after=["L2"],
            options=[{"value": one, "label": one.title()} for one in ("clear", "cloudy")],
        ),
        step("L5", "scan_identity", "Label it", target="label", after=["L3", "L4"]),
    ]  # fmt: skip
    plain["procedure"]["unit_procedures"] = [
        {
            "code": "UP",
            "title": "Make",
            "operations": [{"code": "OP", "title": "Do", "steps": steps}],
        }
    ]
    plain["formula"]["stages"][0]["step"] = "L3"
    plain["formula"]["materials"] = plain["formula"]["materials"][1:]
    plain["formula"]["materials"][0]["active"] = True
    return plain


@dataclass
class Record:
    """The same life as it is recorded, each gesture by the commands of the product."""

    batch: Batch
    people: dict[str, User]
    stranger: str
    at: datetime = NOON
    asked: list[Gesture] = field(default_factory=list)

    def do(self, one: Gesture) -> None:
        """Ask for a gesture.

        Raises:
            Refusal: it is refused, and nothing changed.
        """
        self.at += timedelta(seconds=40)
        self.asked.append(one)
        self.batch = again(self.batch)
        getattr(self, f"_{one.verb}")(one)

    def seen(self) -> dict[str, object]:
        """Return all that the model knows too."""
        steps = Step.objects.filter(batch=self.batch)
        counts = Counter(StepValue.objects.filter(batch=self.batch).values_list("step", flat=True))
        raised = BatchException.objects.filter(batch=self.batch)
        return {
            "batch": Batch.objects.values_list("state", flat=True).get(pk=self.batch.pk),
            "steps": sorted(
                (one.code, one.execution, one.state, one.phase, counts[one.pk]) for one in steps
            ),
            "exceptions": Counter(
                (one.kind, one.state, one.opened_at is not None) for one in raised
            ),
            "holds": Counter(
                Hold.objects.filter(batch=self.batch, lifted_at=None).values_list(
                    "cause", flat=True
                )
            ),
            "deviations": self._deviations().count(),
        }

    def _deviations(self) -> Any:
        return judged.deviations_of(self.batch).exclude(state="closed").order_by("pk")

    def _act(self, one: Gesture) -> Act:
        return act_by(self.people[one.who], at=self.at)

    def _whole(self, one: Gesture) -> dict[str, Any]:
        return {"batch_id": self.batch.pk, "seen": self.batch.version, "act": self._act(one)}

    def _part(self, one: Gesture) -> dict[str, Any]:
        found = step_of(self.batch, one.code)
        return {"step_id": found.pk, "seen": found.version, "act": self._act(one)}

    def _proof(self, one: Gesture, statement: dict[str, Any]) -> dict[str, Any]:
        return {
            "proof": proof_of(self.people[one.who], at=self.at),
            "seen_digest": digest_of(statement),
        }

    def _start_batch(self, one: Gesture) -> None:
        commands.start_batch(**self._whole(one))

    def _hold(self, one: Gesture) -> None:
        commands.hold_batch(
            batch_id=self.batch.pk, cause="person", reason="Look at this", act=self._act(one)
        )

    def _resume(self, one: Gesture) -> None:
        commands.resume_batch(**self._whole(one), reason="It is well")

    def _abort(self, one: Gesture) -> None:
        commands.abort_batch(**self._whole(one), reason="It is lost")

    def _start(self, one: Gesture) -> None:
        commands.start_step(**self._part(one))

    def _enter(self, one: Gesture) -> None:
        chain = self.batch.order.chain
        own = chain.value if one.code == "L5" else Container.objects.get(chain=chain).code
        scans = {"own": own, "other": self.stranger}
        commands.enter_value(
            **self._part(one),
            entered=scans.get(one.what, one.what),
            source="scanned",
            reason="Seen twice",
        )

    def _sign(self, one: Gesture) -> None:
        statement = queries.step_statement(step_of(self.batch, one.code))
        commands.sign_step(**self._part(one), **self._proof(one, statement))

    def _verify(self, one: Gesture) -> None:
        statement = queries.step_statement(step_of(self.batch, one.code))
        commands.verify_step(**self._part(one), **self._proof(one, statement))

    def _move(self, one: Gesture) -> None:
        commands.move_phase(**self._part(one), verb=one.what, reason="For a reason")

    def _reset(self, one: Gesture) -> None:
        commands.reset_phase(**self._part(one), reason="Once more")

    def _correct(self, one: Gesture) -> None:
        statement = queries.correction_statement(
            step_of(self.batch, one.code), entered=one.what, reason="Misread"
        )
        commands.correct_value(
            **self._part(one),
            **self._proof(one, statement),
            entered=one.what,
            reason="Misread",
            witness=proof_of(self.people["rosa"], at=self.at),
        )

    def _review_production(self, one: Gesture) -> None:
        self._reviewed(one, decisions.review_production, "production")

    def _review(self, one: Gesture) -> None:
        self._reviewed(one, decisions.review_batch, "quality")

    def _reviewed(self, one: Gesture, ask: Callable[..., Any], kind: str) -> None:
        ask(**self._whole(one), **self._proof(one, judged.review_statement(self.batch, kind)))

    def _review_trail(self, one: Gesture) -> None:
        statement = judged.trail_statement(self.batch)
        decisions.review_trail(**self._whole(one), **self._proof(one, statement))

    def _open_review(self, one: Gesture) -> None:
        decisions.open_review(**self._whole(one))

    def _give_back(self, one: Gesture) -> None:
        decisions.return_batch(**self._whole(one), reason="Look again")

    def _found(self, *, is_opened: bool) -> list[BatchException]:
        found = BatchException.objects.filter(batch=self.batch, opened_at__isnull=not is_opened)
        return list(found.filter(state="open") if is_opened else found)

    def _some(self, found: list[Any]) -> list[Any]:
        if not found:
            raise Refusal("There is nothing to do.")
        return found

    def _open_all(self, one: Gesture) -> None:
        for found in self._some(self._found(is_opened=False)):
            decisions.open_exception(exception_id=found.pk, act=self._act(one))

    def _accept_all(self, one: Gesture) -> None:
        for found in self._some(self._found(is_opened=True)):
            decisions.accept_exception(
                exception_id=found.pk, comment="No harm done", act=self._act(one)
            )

    def _escalate(self, one: Gesture) -> None:
        first = min(self._some(self._found(is_opened=True)), key=lambda found: found.pk)
        decisions.escalate_exception(
            exception_id=first.pk, description="The cause is not known", act=self._act(one)
        )

    def _close_all(self, one: Gesture) -> None:
        for found in self._some(list(self._deviations())):
            desk.closed(Deviation.objects.get(pk=found.pk))

    def _release(self, one: Gesture) -> None:
        statement = judged.disposition_statement(self.batch, "released")
        decisions.release_batch(**self._whole(one), **self._proof(one, statement))

    def _reject(self, one: Gesture) -> None:
        statement = judged.disposition_statement(self.batch, "rejected")
        decisions.reject_batch(
            **self._whole(one), **self._proof(one, statement), reason="It is lost"
        )


def gestures() -> st.SearchStrategy[Gesture]:
    """Anything that anybody might ask for."""
    who, code = st.sampled_from(list(ROLES)), st.sampled_from(list(STEPS))
    whole = st.sampled_from(
        [
            *("start_batch", "hold", "resume", "review_production", "open_review", "give_back"),
            *("open_all", "accept_all", "escalate", "review_trail", "review", "release", "reject"),
        ]
    )
    part = st.sampled_from(["start", "sign", "verify", "reset"])
    entered = code.flatmap(
        lambda code: st.builds(
            Gesture,
            st.sampled_from(["enter", "correct"]),
            who,
            st.just(code),
            st.sampled_from(list(ENTRIES[STEPS[code].kind])),
        )
    )
    corrected = st.builds(
        Gesture,
        st.just("correct"),
        st.just("olivia"),
        st.sampled_from([code for code in STEPS if STEPS[code].kind in CORRECTABLE]),
        st.sampled_from(["75.0", "45.0", "500.0", "clear", "cloudy"]),
    )
    return st.one_of(
        st.builds(Gesture, whole, who),
        st.builds(Gesture, part, who, code),
        st.builds(Gesture, st.just("move"), who, code, st.sampled_from(VERBS)),
        entered,
        corrected.filter(lambda one: one.what in ENTRIES[STEPS[one.code].kind]),
        st.sampled_from([Gesture("abort", "quinn"), Gesture("hold", "olivia")]),
    )


@contextmanager
def thrown_away() -> Iterator[None]:
    """Let what is done inside be checked as at a commit, and then undone."""
    around = transaction.atomic()
    # Commands own their transaction; the test runner's own blocks are marked in the same way.
    around._from_testcase = True
    with around:
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)


def begun() -> Record:
    """An issued batch, the people around it, and the bag of another patient."""
    version = effective_recipe(drafted_version(**recipe()))
    batch = issued_batch(order=received_order(version=version))
    other = received_order(version=version)
    people = {
        "olivia": operator(), "oscar": operator("oscar"), "vera": verifier(),
        "rosa": desk.reviewer(), "quinn": desk.quality(), "paula": desk.qualified(),
        "quentin": desk.second_quality(),
    }  # fmt: skip
    stranger = Container.objects.get(chain=other.chain).code
    return Record(batch=batch, people=people, stranger=stranger)


def both(life: Life, record: Record, one: Gesture) -> None:
    """Ask both for the same, and compare what they answer and how they stand then."""
    assert outcome(life, one) == outcome(record, one), (one, record.asked)
    assert life.seen() == record.seen(), (one, record.asked)


def outcome(asked: Life | Record, one: Gesture) -> str:
    """Return whether a gesture was carried out."""
    try:
        asked.do(one)
    except (Refusal, Refused):
        return "refused"
    return "done"


@pytest.mark.django_db
@pytest.mark.timeout(120 + 2 * LIVES)
@pytest.mark.requirement("P11-08", "S88-05", "S88-07", "S88-08", "CGMP-17", "DI-06")
def test_every_life_of_a_batch_is_that_of_the_model() -> None:
    start = begun()
    ends: Counter[str] = Counter()

    @settings(
        max_examples=LIVES,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def live(data: st.DataObject) -> None:
        life, record = Life(), replace(start, asked=[])
        with thrown_away():
            for _ in range(LONGEST):
                ahead = forward(life)
                if not ahead:
                    break
                is_ahead = data.draw(st.integers(0, 9)) < 7
                both(life, record, data.draw(st.sampled_from(ahead) if is_ahead else gestures()))
            assert judged.verified_findings(again(record.batch)) == ()
        ends[life.batch] += 1

    live()
    assert sum(ends.values()) >= LIVES
    print(f"lives: {dict(ends)}")
    assert {"released", "rejected"} <= set(ends), ends


@pytest.mark.django_db
@pytest.mark.requirement("S88-08", "COI-03")
def test_a_batch_whose_identity_step_was_stopped_and_done_again_can_be_released() -> None:
    life, record = Life(), begun()
    for verb, code, what in (("start", "L2", ""), ("move", "L2", "stop"), ("resume", "", "")):
        while verb == "start" and life.latest(code).state != "ready":
            both(life, record, forward(life)[0])
        who = "quinn" if verb == "resume" else "olivia"
        both(life, record, Gesture(verb, who, code, what))
    while ahead := forward(life):
        both(life, record, ahead[0])
    assert life.latest("L2").execution == 2
    assert life.batch == "released"
