"""Amendments: how a change of a running batch is made to its document, and whether it may be.

The frozen copy of the recipe is never changed (21 CFR 211.188(a)). An amendment says what one place
of it reads before and after; all approved ones, one after the other, give the document that the
batch follows. Everything here is said of plain documents, so that an amendment means the same in
ten years: nothing is filled in by what the software knows by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from kernel.errors import Conflict, Invalid, NotFound
from recipes.rules.completeness import missing_before_approval
from recipes.rules.differences import Change as Line
from recipes.rules.differences import words_of
from recipes.rules.document import Document, Parameter, Placed, to_plain
from recipes.rules.editing import steps_in
from recipes.rules.form_words import kind_words, label_of
from recipes.rules.formulas import names_in
from recipes.rules.parsing import document_from, step_from
from recipes.rules.sequence import Order, order_of
from recipes.rules.steps import CalculationStep, Step
from recipes.rules.structure import Input

What = Literal["add_step", "change_limits", "change_quantity", "change_target"]
WHATS: tuple[What, ...] = ("add_step", "change_limits", "change_quantity", "change_target")

# The fields of a step that are its limits or its quantity, whatever its kind.
LIMITS = (
    "hard", "soft", "min_seconds", "max_seconds", "earliest_seconds", "latest_seconds",
)  # fmt: skip
QUANTITIES = ("quantity", "unit")
TARGETS = ("default",)
# States in which nobody has begun a step: only such a step may read otherwise.
UNTOUCHED = ("waiting", "ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a document.

    ``place`` is the code of the step that is changed, or after which one is added, or of the
    parameter. ``before`` and ``after`` hold the fields that differ, exactly as they stand in the
    plain document; of a step that is added, ``after`` holds all of it under "step".
    """

    what: What
    place: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """A document with a change in it, and the steps that read otherwise now, with what they read."""

    plain: dict[str, Any]
    document: Document
    order: Order
    changed: Mapping[str, Step]
    added: Placed | None


def amended(plain: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """Return a plain document with these changes made to it, one after the other.

    Raises:
        Conflict: with code ``outdated``, a place does not read what the change says it reads.
        NotFound: there is no such place.
    """
    whole = deepcopy(dict(plain))
    for change in changes:
        if change.what == "add_step":
            _add(whole, change)
        else:
            part = _part(whole, change)
            _require_same(part, change)
            part.update(deepcopy(dict(change.after)))
    return whole


def reads(plain: Mapping[str, Any], what: What, place: str, names: Iterable[str]) -> dict[str, Any]:
    """Return what these fields of a place read now: the ``before`` of a change.

    Raises:
        NotFound: there is no such place.
    """
    part = _part(plain, Change(what=what, place=place, before={}, after={}))
    return {name: deepcopy(part.get(name)) for name in names}


def changeable(step: Step, what: What) -> tuple[str, ...]:
    """Return which fields of a step a change of that sort may change."""
    named = LIMITS if what == "change_limits" else QUANTITIES if what == "change_quantity" else ()
    known = {field.name for field in fields(step)}
    if what == "change_quantity" and not set(QUANTITIES) <= known:
        return ()
    # A quantity to be sensed is a word, not an amount.
    is_word = what == "change_quantity" and isinstance(getattr(step, "quantity", None), str)
    return () if is_word else tuple(name for name in named if name in known)


def judged(
    plain: Mapping[str, Any], document: Document, change: Change, states: Mapping[str, str]
) -> Amended:
    """Return a batch's document with a change in it, if it may be made now.

    Args:
        plain: the document that the batch follows now, and ``document`` the same, read.
        states: how the latest execution of each step stands.

    Raises:
        Conflict: ``step_started`` where a step that somebody has begun would read otherwise,
            ``outdated`` where the place has changed, ``in_loop`` for a step inside a loop.
        Invalid: the document would not pass its own checks, with every finding in words.
        NotFound: there is no such place.
    """
    _require_form(document, change)
    made = amended(plain, [change])
    read = document_from(made)
    _require_sound(document, read)
    old, order = order_of(document), order_of(read)
    now = {code: replace(step, after=old.waits[code]) for code, step in _steps(document).items()}
    then = {code: replace(step, after=order.waits[code]) for code, step in _steps(read).items()}
    changed = {code: step for code, step in then.items() if code in now and step != now[code]}
    _require_untouched([*changed, *_users(read, change)], states)
    new = then.keys() - now.keys()
    added = next((one for one in read.placed_steps() if one.step.code in new), None)
    if added is not None:
        _require_place(added, change, states)
        added = replace(added, step=then[added.step.code])
    return Amended(plain=made, document=read, order=order, changed=changed, added=added)


def _steps(document: Document) -> dict[str, Step]:
    return {step.code: step for step in document.steps}


def _part(plain: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Return the plain step or parameter that a change is about."""
    if change.what == "change_target":
        items: Iterable[dict[str, Any]] = plain.get("formula", {}).get("parameters", ())
        kind = "parameter"
    else:
        items, kind = steps_in(plain), "step"
    found = next((one for one in items if one.get("code") == change.place), None)
    if found is None:
        raise NotFound(f"The batch has no {kind} {change.place[:40]}.")
    return found


def _require_same(part: Mapping[str, Any], change: Change) -> None:
    if any(part.get(name) != value for name, value in change.before.items()):
        raise Conflict(
            f"{change.place} does not read any more what this amendment changes. Write it again.",
            code="outdated",
        )


def _add(whole: dict[str, Any], change: Change) -> None:
    """Put a step behind another; whatever waited for that one waits for the new one."""
    step = deepcopy(dict(change.after["step"]))
    for one in steps_in(whole):
        if change.place in (one.get("after") or ()):
            one["after"] = [step["code"] if each == change.place else each for each in one["after"]]
    step["after"] = [change.place]
    for unit in whole["procedure"]["unit_procedures"]:
        for operation in unit["operations"]:
            codes = [one["code"] for one in operation["steps"]]
            if change.place in codes:
                operation["steps"].insert(codes.index(change.place) + 1, step)
                return
    raise NotFound(f"The batch has no step {change.place[:40]}.")


def _require_form(document: Document, change: Change) -> None:
    """Refuse a change that names fields which are not its own, or changes nothing.

    Raises:
        Invalid: in words.
    """
    if change.what not in WHATS:
        raise Invalid("There is no such amendment.", pointer="/what", code="unknown")
    if change.what == "add_step":
        step_from(change.after.get("step") or {})
        if change.after.keys() != {"step"} or change.before:
            raise Invalid("An added step is given whole.", pointer="/after", code="unknown_field")
        return
    if change.what == "change_target":
        allowed: tuple[str, ...] = TARGETS
        named = document.parameter(change.place)
        if named is not None and named.formula:
            raise Invalid(
                f"{change.place} is computed: it has no target of its own.",
                pointer="/place",
                code="computed",
            )
    else:
        step = _steps(document).get(change.place)
        allowed = () if step is None else changeable(step, change.what)
        if step is not None and not allowed:
            words = "limits" if change.what == "change_limits" else "quantity"
            raise Invalid(
                f"Step {change.place} has no {words}.", pointer="/place", code="no_such_field"
            )
    stray = (change.before.keys() | change.after.keys()) - set(allowed)
    if allowed and stray:
        told = ", ".join(sorted(stray))
        raise Invalid(f"This does not change {told}.", pointer="/after", code="unknown_field")
    if change.before.keys() != change.after.keys() or dict(change.before) == dict(change.after):
        raise Invalid("Nothing is changed by this.", pointer="/after", code="unchanged")


def _require_sound(document: Document, made: Document) -> None:
    """Refuse a document that does not pass the checks of a recipe (CGMP-03, S88-03).

    What was found of the approved one by a later rule is no fault of the change.
    """
    known = {(one.code, one.detail) for one in missing_before_approval(document)}
    found = [one for one in missing_before_approval(made) if (one.code, one.detail) not in known]
    if found:
        told = " ".join(one.detail for one in found)
        raise Invalid(f"The amended recipe would not hold. {told}"[:1000], errors=found)


def _require_untouched(codes: Iterable[str], states: Mapping[str, str]) -> None:
    begun = [code for code in dict.fromkeys(codes) if states[code] not in UNTOUCHED]
    if begun:
        told = ", ".join(begun)
        raise Conflict(
            f"Somebody has begun, or decided, what this would change: step {told}."
            " What is begun is never changed.",
            code="step_started",
        )


def _require_place(added: Placed, change: Change, states: Mapping[str, str]) -> None:
    """Refuse a place that is skipped, or where one step stands for several rounds."""
    if states[change.place] == "skipped":
        raise Conflict(
            f"Step {change.place} was skipped: nothing can follow it there.", code="skipped"
        )
    if added.operation.repeat is not None:
        raise Conflict(
            f"Step {change.place} is part of a loop: add the step before or after the loop.",
            code="in_loop",
        )


def _users(document: Document, change: Change) -> list[str]:
    """Return the steps whose result depends on the target that a change moves."""
    if change.what != "change_target":
        return []
    moved = {change.place}
    formulas = [one for one in document.formula.parameters if one.formula]
    while more := {one.code for one in formulas if _names(one) & moved} - moved:
        moved |= more
    sources = {f"parameter.{code}" for code in moved}

    def uses(inputs: Iterable[Input]) -> bool:
        return any(one.source in sources for one in inputs)

    found = []
    for placed in document.placed_steps():
        step, unit, operation = placed.step, placed.unit_procedure, placed.operation
        conditions = [one for one in (step.when, unit.when, operation.when) if one]
        if operation.repeat and operation.repeat.until:
            conditions.append(operation.repeat.until)
        if (isinstance(step, CalculationStep) and uses(step.inputs)) or any(
            uses(one.inputs) for one in conditions
        ):
            found.append(step.code)
    return found


def _names(parameter: Parameter) -> frozenset[str]:
    return names_in(parameter.formula)


def lines_of(change: Change) -> list[Line]:
    """Return a change field by field, in the words of a difference of two recipes."""
    if change.what == "add_step":
        step = change.after["step"]
        kept = {name: one for name, one in step.items() if name not in ("code", "title", "after")}
        before: Mapping[str, Any] = dict.fromkeys(kept)
        after: Mapping[str, Any] = {**kept, "kind": kind_words(str(step["kind"]))}
    else:
        before, after = change.before, change.after
    lines = []
    for name in after:
        old, new = words_of(before.get(name)), words_of(after[name])
        if old != new:
            label = label_of("", name)
            lines.append(Line(path=f"/{change.place}/{name}", label=label, old=old, new=new))
    return lines


def words_of_change(change: Change) -> str:
    """Return what a change does, in one line."""
    match change.what:
        case "add_step":
            step = change.after["step"]
            return f"Step {step['code']} {step['title']} is added after {change.place}"
        case "change_limits":
            return f"The limits of step {change.place} are changed"
        case "change_quantity":
            return f"The quantity of step {change.place} is changed"
        case _:
            return f"The target of parameter {change.place} is changed"


def plain_step(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that is to be added, whole: every field that its kind knows today.

    Raises:
        Invalid: it is no step, with every fault in words.
    """
    plain: dict[str, Any] = to_plain(step_from({**given, "after": []}))
    return plain
