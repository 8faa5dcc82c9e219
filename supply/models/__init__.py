"""The records of the first floor."""

from supply.models.custody import Container, CustodyEvent
from supply.models.equipment import Equipment, EquipmentUse
from supply.models.equipment_class import EquipmentClass
from supply.models.identity import (
    ChainOfIdentity,
    Collection,
    Patient,
    PatientIdentifier,
    VaultEntry,
)
from supply.models.logbook import LogbookEntry
from supply.models.material import Material, MaterialLot
from supply.models.reservation import Reservation
from supply.models.upkeep import Calibration, ScaleCheck

__all__ = [
    "Calibration",
    "ChainOfIdentity",
    "Collection",
    "Container",
    "CustodyEvent",
    "Equipment",
    "EquipmentClass",
    "EquipmentUse",
    "LogbookEntry",
    "Material",
    "MaterialLot",
    "Patient",
    "PatientIdentifier",
    "Reservation",
    "ScaleCheck",
    "VaultEntry",
]
