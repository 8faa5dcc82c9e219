"""A patient asks to be forgotten: what names them goes, unless a medicine for them is under way."""

from __future__ import annotations

from audit.acts import Act, command
from batches.models import Order
from batches.states import ORDER
from kernel.errors import Conflict
from supply import commands as supply
from supply.queries import patient_coded


@command
def erase_patient(*, code: str, act: Act) -> None:
    """Erase who a patient is; what was made for the pseudonym, and how, stays on the record.

    Raises:
        NotFound: there is no such pseudonym.
        Invalid: no reason was given.
        Conflict: the patient was erased before, or an order for them is not at its end.
    """
    patient = patient_coded(code)
    supply.hold_patient(patient)
    orders = Order.objects.filter(patient=patient).order_by("pk")
    for number, state in orders.values_list("number", "state"):
        if not ORDER.is_end(state):
            raise Conflict(
                f"Order {number} is {state}: who the medicine is for must stay known until it ends.",
                code="order_open",
            )
    supply.erase_patient(patient=patient, act=act)
