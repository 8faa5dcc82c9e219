"""What is entered at the end of a weighing: all that its containers hold, against the tolerance."""

from __future__ import annotations

from batches.commands.readings import Entry, Reading, Source
from batches.models import Weighing
from batches.queries.weighing import counted_of, plain_container, target_of, weighings_of
from batches.rules.entries import reason_from
from batches.rules.weighing import judged_weighing
from kernel.errors import Conflict
from kernel.quantities import round_half_up, text_of
from recipes.rules.weigh_steps import WeighStep


def read_weighing(phase: WeighStep, entry: Entry) -> Reading:
    """Return all that was weighed in a step against its tolerance: what is entered at its end.

    Raises:
        Conflict: nothing was weighed, or a container stands empty.
        Invalid: it is beyond the tolerance, and the recipe does not take that, or has no reason.
    """
    step = entry.step
    rows = weighings_of(step)
    if any(one.state == "tared" for one in rows):
        raise Conflict("Fill the container that is on the scale, or give it up.", code="not_filled")
    full = [one for one in rows if one.state == "weighed"]
    if not full:
        raise Conflict("Nothing was weighed yet.", code="not_weighed")
    target, found = target_of(step, phase), counted_of(full, phase)
    judged = judged_weighing(phase, target, found)
    if judged.exception_kind:
        reason_from(entry.reason, what=f"{judged.reason}: this")
    is_read = all(Weighing.Source.KEYED not in (one.tare_source, one.gross_source) for one in full)
    return Reading(
        entered=text_of(round_half_up(found, phase.decimals)),
        value=found,
        unit=phase.unit,
        source=Source.DEVICE if is_read else Source.KEYED,
        judged=judged,
        details={
            "material": phase.material,
            "target": target.words(),
            "nominal_potency": phase.nominal_potency and text_of(phase.nominal_potency),
            "containers": [plain_container(one) for one in rows],
        },
    )
