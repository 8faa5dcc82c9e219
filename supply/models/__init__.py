"""The records of the first floor."""

from supply.models.custody import Container, CustodyEvent
from supply.models.equipment import Equipment, EquipmentUse
from supply.models.identity import (
    ChainOfIdentity,
    Collection,
    Patient,
    PatientIdentifier,
    VaultEntry,
)
from supply.models.material import Material, MaterialLot

__all__ = [
    "ChainOfIdentity",
    "Collection",
    "Container",
    "CustodyEvent",
    "Equipment",
    "EquipmentUse",
    "Material",
    "MaterialLot",
    "Patient",
    "PatientIdentifier",
    "VaultEntry",
]
