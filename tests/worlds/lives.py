"""The small model of a batch's life: what each gesture of anybody does to it, without a database.

It is written from the state machines and the gates (requirements 19.2 A and B), not from the
commands, so that a difference between both is a fault of one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from batches.states import BATCH, EXECUTION, PHASE
from tests.worlds.gestures import (
    CORRECTABLE,
    DECISIONS,
    ENTRIES,
    HOLDABLE,
    OVER,
    ROLES,
    STEPS,
    UNDER_REVIEW,
    WAITING,
    Gesture,
    Part,
    Raised,
    moved,
    need,
)


class Life:
    """One batch, from its issue on."""

    def __init__(self) -> None:
        self.batch = "issued"
        self.parts = [Part(code) for code in STEPS]
        self.exceptions: list[Raised] = []
        self.holds: list[tuple[str, str]] = []
        self.deviations = 0
        # Gestures are counted, so that a review knows what came after it.
        self.changes = self.reopening = 0
        self.reviewed: int | None = None
        self.trail: int | None = None

    def latest(self, code: str) -> Part:
        """The execution that counts."""
        return [one for one in self.parts if one.code == code][-1]

    def current(self) -> list[Part]:
        """The latest execution of each step."""
        return [self.latest(code) for code in STEPS]

    def seen(self) -> dict[str, object]:
        """Return all that can be compared with the record."""
        return {
            "batch": self.batch,
            "steps": sorted((p.code, p.execution, p.state, p.phase, p.values) for p in self.parts),
            "exceptions": Counter((one.kind, one.state, one.is_opened) for one in self.exceptions),
            "holds": Counter(cause for _, cause in self.holds),
            "deviations": self.deviations,
        }

    def do(self, one: Gesture) -> None:
        """Carry a gesture out, or refuse it whole.

        Raises:
            Refused: the record must refuse it too, and stay as it was.
        """
        before = self.seen()
        getattr(self, one.verb)(one)
        if one.verb == "hold" and before == self.seen():
            return
        self.changes += one.verb != "review_trail"
        self.reopening += one.verb not in DECISIONS

    # The batch.

    def start_batch(self, one: Gesture) -> None:
        """Begin the making."""
        need(ROLES[one.who] == "operator")
        self.batch = moved(BATCH.after, self.batch, "start")
        self._open()

    def hold(self, one: Gesture) -> None:
        """Stop everything; anybody with a part in it may."""
        self._hold("person")

    def resume(self, one: Gesture) -> None:
        """Quality lets it go on."""
        need(ROLES[one.who] == "qa")
        self.batch = moved(BATCH.after, self.batch, "resume")
        self.holds.clear()
        for part in self._going():
            if part.phase == "held":
                part.phase = "running"
        self._open()

    def abort(self, one: Gesture) -> None:
        """Quality ends the making."""
        need(ROLES[one.who] == "qa")
        self.batch = moved(BATCH.after, self.batch, "abort")
        for part in self._going():
            part.state = part.phase = "aborted"

    def _going(self) -> Iterator[Part]:
        return (one for one in self.parts if one.state in ("running", "performed"))

    def _hold(self, cause: str) -> None:
        if self.batch == "on_hold" and ("", cause) in self.holds:
            return
        if self.batch != "on_hold":
            self.batch = moved(BATCH.after, self.batch, "hold")
        self.holds.append(("", cause))
        for part in self._going():
            if part.phase in HOLDABLE:
                part.phase = "held"

    def _open(self) -> None:
        over = {one.code for one in self.current() if one.state in OVER}
        if len(over) == len(STEPS) and self.batch == "in_progress":
            self.batch = "execution_complete"
        for part in self.current():
            if part.state == "waiting" and over.issuperset(part.spec.after):
                part.state = "ready"

    # The steps.

    def _worked(self, one: Gesture) -> Part:
        """The step that an operator works on now."""
        need(ROLES[one.who] == "operator")
        need(self.batch == "in_progress")
        part = self.latest(one.code)
        need(part.state == "running")
        need(part.phase == "running")
        return part

    def start(self, one: Gesture) -> None:
        """Start a step."""
        need(ROLES[one.who] == "operator")
        need(self.batch == "in_progress")
        part = self.latest(one.code)
        need(part.state == "ready")
        part.state = part.phase = "running"

    def enter(self, one: Gesture) -> None:
        """Enter the value."""
        part = self._worked(one)
        need(part.value is None)
        follows = ENTRIES[part.spec.kind].get(one.what)
        need(follows is not None)
        assert follows is not None
        part.values += 1
        part.people.add(one.who)
        if "identity" in follows:
            self.deviations += 1
            self.exceptions.append(Raised("identity", "in_deviation"))
            self._hold("identity")
            return
        part.value = one.what
        part.is_identified = True
        self.exceptions += [Raised(kind) for kind in follows]

    def sign(self, one: Gesture) -> None:
        """Perform the step."""
        part = self._worked(one)
        need(part.value is not None or part.spec.kind == "bare")
        part.performer = one.who
        if part.spec.is_verified:
            part.state = "performed"
        else:
            self._complete(part)

    def verify(self, one: Gesture) -> None:
        """Verify it, as a second person."""
        need(self.batch == "in_progress")
        part = self.latest(one.code)
        need(part.state == "performed")
        need(part.phase == "running")
        need(one.who != part.performer)
        need(ROLES[one.who] == "verifier")
        part.verifier = one.who
        self._complete(part)

    def _complete(self, part: Part) -> None:
        part.state = part.phase = "complete"
        self._open()

    def move(self, one: Gesture) -> None:
        """Give a command of ISA-88 to the phase of a step."""
        part, verb = self.latest(one.code), one.what
        if verb == "restart":
            need(ROLES[one.who] == "qa")
        if verb == "resume":
            need(ROLES[one.who] == "operator")
        is_end = verb in ("stop", "abort")
        need(self.batch == "in_progress" or (is_end and self.batch == "on_hold"))
        phase = moved(EXECUTION.after, part.phase, verb)
        while phase.endswith("ing") and phase != "running":
            phase = EXECUTION.after(phase, "done")
        part.phase = phase
        if verb in ("hold", "pause"):
            self.holds.append((f"{part.code}#{part.execution}", f"phase_{phase}"))
        else:
            name = f"{part.code}#{part.execution}"
            self.holds = [held for held in self.holds if held[0] != name]
        if is_end:
            part.state = phase
            self.exceptions.append(Raised(f"phase_{phase}"))
            self._hold(f"phase_{phase}")

    def reset(self, one: Gesture) -> None:
        """Do a step again that has ended; the first execution stays."""
        need(ROLES[one.who] == "qa")
        need(self.batch == "in_progress")
        part = self.latest(one.code)
        moved(PHASE.after, part.phase, "reset")
        self.parts.append(Part(part.code, part.execution + 1))
        self.exceptions.append(Raised("phase_reset"))
        self._open()

    def correct(self, one: Gesture) -> None:
        """Correct a value; the old one stays."""
        need(ROLES[one.who] == "operator")
        need(self.batch in ("in_progress", "execution_complete", "returned_for_correction"))
        part = self.latest(one.code)
        need(part.state in ("running", "performed", "complete"))
        need(part.spec.kind in CORRECTABLE)
        need(part.value is not None)
        follows = ENTRIES[part.spec.kind].get(one.what)
        need(follows is not None)
        need(one.what != part.value)
        assert follows is not None
        part.value = one.what
        part.values += 1
        part.people.add(one.who)
        self.exceptions += [Raised(kind) for kind in (*follows, "correction")]

    # The reviews and the decision.

    def _independent(self, who: str, *roles: str) -> None:
        need(ROLES[who] in roles)
        need(all(who not in {*one.people, one.performer, one.verifier} for one in self.parts))

    def review_production(self, one: Gesture) -> None:
        """Production reviews the record."""
        need(ROLES[one.who] == "verifier")
        self.batch = moved(BATCH.after, self.batch, "review_production")

    def open_review(self, one: Gesture) -> None:
        """Quality takes the batch into review."""
        self._independent(one.who, "qa", "qp")
        self.batch = moved(BATCH.after, self.batch, "open_review")

    def give_back(self, one: Gesture) -> None:
        """Quality gives the record back."""
        self._independent(one.who, "qa", "qp")
        self.batch = moved(BATCH.after, self.batch, "return")

    def open_all(self, one: Gesture) -> None:
        """Look at every exception."""
        self._undecided(one)
        need(any(not found.is_opened for found in self.exceptions))
        for found in self.exceptions:
            found.is_opened = True

    def accept_all(self, one: Gesture) -> None:
        """Accept every exception that was looked at and is open."""
        self._undecided(one)
        opened = [x for x in self.exceptions if x.is_opened and x.state == "open"]
        need(opened)
        for found in opened:
            found.state = "accepted"

    def escalate(self, one: Gesture) -> None:
        """Investigate the first exception that was looked at."""
        self._undecided(one)
        opened = [x for x in self.exceptions if x.is_opened and x.state == "open"]
        need(opened)
        opened[0].state = "in_deviation"
        self.deviations += 1

    def _undecided(self, one: Gesture) -> None:
        self._independent(one.who, "qa", "qp")
        need(self.batch not in ("released", "rejected"))

    def close_all(self, one: Gesture) -> None:
        """Bring every deviation to its end; a second person of quality does."""
        need(self.deviations)
        self.deviations = 0
        for found in self.exceptions:
            if found.state == "in_deviation":
                found.state = "accepted"

    def review_trail(self, one: Gesture) -> None:
        """Review the audit trail."""
        self._independent(one.who, "qa", "qp")
        need(self.batch in WAITING)
        need(self.trail is None or self.trail != self.reopening)
        self.trail = self.reopening

    def review(self, one: Gesture) -> None:
        """Quality reviews the record."""
        self._independent(one.who, "qa", "qp")
        need(self.batch in UNDER_REVIEW or "open_review" in BATCH.verbs_from(self.batch))
        need(self.reviewed is None or self.reviewed != self.changes)
        self._settled()
        if self.batch not in UNDER_REVIEW:
            self.batch = BATCH.after(self.batch, "open_review")
        # Its own change is none that came after it.
        self.reviewed = self.changes + 1

    def _settled(self) -> None:
        need(all(one.is_opened and one.state == "accepted" for one in self.exceptions))
        need(not self.deviations)
        if self.batch in ("aborted", "qa_review_of_aborted"):
            return
        need(all(one.state in OVER for one in self.current()))
        need(not self.holds)
        need(all(self.latest(code).is_identified for code in ("L2", "L5")))

    def release(self, one: Gesture) -> None:
        """The Qualified Person releases the batch."""
        self._independent(one.who, "qp")
        need(self.reviewed == self.changes)
        need(self.trail == self.reopening)
        self._settled()
        self.batch = moved(BATCH.after, self.batch, "release")

    def reject(self, one: Gesture) -> None:
        """The Qualified Person rejects it."""
        need(ROLES[one.who] == "qp")
        self.batch = moved(BATCH.after, self.batch, "reject")
