"""The numbers of a recipe for one patient (requirement S88-12)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from recipes.rules.document import Document
from recipes.rules.formulas import evaluate, names_in


def parameter_values(document: Document, order: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the value of every parameter that has a default or a formula.

    Args:
        order: what the order says of the patient, by the names of ``ORDER_VALUES``.

    Raises:
        Invalid: a formula has no value for this patient, or waits for one that never comes.
    """
    values = {
        parameter.code: parameter.default
        for parameter in document.formula.parameters
        if parameter.default is not None
    }
    left = [parameter for parameter in document.formula.parameters if parameter.formula]
    known = {**order, **values}
    while left:
        # Of formulas that wait for each other, the first is asked and says what it misses.
        ready = [one for one in left if names_in(one.formula) <= known.keys()] or left[:1]
        for parameter in ready:
            known[parameter.code] = values[parameter.code] = evaluate(parameter.formula, known)
            left.remove(parameter)
    return values
