"""The records of the first floor."""

from supply.models.custody import Container, CustodyEvent
from supply.models.identity import (
    ChainOfIdentity,
    Collection,
    Patient,
    PatientIdentifier,
    VaultEntry,
)
from supply.models.material import Equipment, Material, MaterialLot

__all__ = [
    "ChainOfIdentity",
    "Collection",
    "Container",
    "CustodyEvent",
    "Equipment",
    "Material",
    "MaterialLot",
    "Patient",
    "PatientIdentifier",
    "VaultEntry",
]
