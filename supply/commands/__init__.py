"""Every write of the first floor."""

from supply.commands.custody import (
    IdentityOutcome,
    check_identity,
    consume_container,
    receive_bag,
    record_collection,
)
from supply.commands.equipment import (
    add_equipment,
    free_units,
    move_equipment,
    use_equipment,
)
from supply.commands.materials import add_lot, add_material, approve_lot, use_lot
from supply.commands.vault import (
    erase_patient,
    hold_patient,
    issue_chain,
    register_patient,
    reveal_patient,
)

__all__ = [
    "IdentityOutcome",
    "add_equipment",
    "add_lot",
    "add_material",
    "approve_lot",
    "check_identity",
    "consume_container",
    "erase_patient",
    "free_units",
    "hold_patient",
    "issue_chain",
    "move_equipment",
    "receive_bag",
    "record_collection",
    "register_patient",
    "reveal_patient",
    "use_equipment",
    "use_lot",
]
