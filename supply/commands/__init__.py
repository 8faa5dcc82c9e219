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
    use_equipment,
)
from supply.commands.equipment_classes import describe_class, take_over_classes
from supply.commands.logbook import note_maintenance
from supply.commands.materials import (
    add_lot,
    add_material,
    approve_lot,
    lot_scanned,
    return_to_lot,
    use_lot,
)
from supply.commands.parts import place_part
from supply.commands.reservations import cancel_reservation, reserve_unit
from supply.commands.scales import ScaleReading, connect_scale, read_scale
from supply.commands.service import (
    expire_cleanings,
    move_equipment,
    room_for_update,
    sign_equipment,
)
from supply.commands.upkeep import (
    accept_calibration,
    check_scale,
    decline_calibration,
    record_calibration,
)
from supply.commands.vault import (
    erase_patient,
    hold_patient,
    issue_chain,
    register_patient,
    reveal_patient,
)

__all__ = [
    "IdentityOutcome",
    "ScaleReading",
    "accept_calibration",
    "add_equipment",
    "add_lot",
    "add_material",
    "approve_lot",
    "cancel_reservation",
    "check_identity",
    "check_scale",
    "connect_scale",
    "consume_container",
    "decline_calibration",
    "describe_class",
    "erase_patient",
    "expire_cleanings",
    "free_units",
    "hold_patient",
    "issue_chain",
    "lot_scanned",
    "move_equipment",
    "note_maintenance",
    "place_part",
    "read_scale",
    "receive_bag",
    "record_calibration",
    "record_collection",
    "register_patient",
    "reserve_unit",
    "return_to_lot",
    "reveal_patient",
    "room_for_update",
    "sign_equipment",
    "take_over_classes",
    "use_equipment",
    "use_lot",
]
