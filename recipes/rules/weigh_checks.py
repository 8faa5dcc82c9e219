"""Whether the weighings of a recipe can be done: what, how much, on which scale, in which unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kernel.errors import FieldError
from kernel.quantities import unit_label
from recipes.rules.calculation_checks import Sources
from recipes.rules.dimensions import measure_of
from recipes.rules.document import Document, Placed
from recipes.rules.sequence import sequence_of
from recipes.rules.weigh_steps import WeighStep

MASS = measure_of("kg").dimension


def wrong_weighings(document: Document) -> Iterator[FieldError]:
    """Yield every reason why a weighing of a recipe cannot be done as it is written."""
    found = [one for one in document.placed_steps() if isinstance(one.step, WeighStep)]
    if not found:
        return
    before, sources = sequence_of(document).before, Sources(document)
    classes = {one.code for one in document.equipment_requirements}
    for placed in found:
        step = placed.step
        assert isinstance(step, WeighStep), "chosen above"
        if step.equipment not in classes:
            yield _unknown(placed, "equipment", f"scale {step.equipment}")
        if measure_of(step.unit).dimension != MASS:
            yield _fault(
                placed, "unit", "unit_mismatch",
                f"Step {step.code} weighs in {unit_label(step.unit) or 'a plain number'}, which is"
                " no mass.",
            )  # fmt: skip
        yield from _wrong_material(document, placed, step)
        if step.target is not None:
            yield from _wrong_target(sources, before, placed, step, step.target)


def _wrong_material(document: Document, placed: Placed, step: WeighStep) -> Iterator[FieldError]:
    material = document.material(step.material)
    if material is None:
        yield _unknown(placed, "material", f"material {step.material}")
    elif measure_of(material.unit).dimension != MASS:
        yield _fault(
            placed, "material", "unit_mismatch",
            f"Step {step.code} weighs {material.name}, which the bill of materials gives in"
            f" {unit_label(material.unit) or 'a plain number'}.",
        )  # fmt: skip


def _wrong_target(
    sources: Sources,
    before: Mapping[str, frozenset[str]],
    placed: Placed,
    step: WeighStep,
    target: str,
) -> Iterator[FieldError]:
    unit = sources.unit_of(target)
    if unit is None:
        yield _unknown(placed, "target", f"the number of step {target}")
    elif measure_of(unit).dimension != MASS:
        yield _fault(
            placed, "target", "unit_mismatch",
            f"Step {step.code} weighs what step {target} finds, which is no mass.",
        )  # fmt: skip
    elif step.code in before and target not in before[step.code]:
        yield _fault(
            placed, "target", "too_early",
            f"Step {step.code} uses step {target}, which need not be complete by then.",
        )  # fmt: skip


def _unknown(placed: Placed, key: str, what: str) -> FieldError:
    told = f"Step {placed.step.code} names {what}, which is not in the recipe."
    return _fault(placed, key, "unknown_reference", told)


def _fault(placed: Placed, key: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"{placed.pointer}/{key}", code=code, detail=detail)
