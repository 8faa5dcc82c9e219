"""Pages of the supply app."""

from supply.views.classes import class_list, class_page, describe
from supply.views.equipment import equipment_list, equipment_page
from supply.views.logbook import logbook, maintain
from supply.views.reservations import cancel, reserve
from supply.views.upkeep import (
    accept,
    calibrate,
    check,
    connect,
    decline,
    move,
    place,
    sign_unit,
)

__all__ = [
    "accept",
    "calibrate",
    "cancel",
    "check",
    "class_list",
    "class_page",
    "connect",
    "decline",
    "describe",
    "equipment_list",
    "equipment_page",
    "logbook",
    "maintain",
    "move",
    "place",
    "reserve",
    "sign_unit",
]
