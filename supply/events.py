"""What the first floor tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BagReceived(Event):
    """A bag arrived, and it is the expected patient's."""

    kind: ClassVar[str] = "bag.received"
    public: ClassVar[tuple[str, ...]] = ("chain_of_identity", "bag")
    chain_id: int
    container_id: int
    chain_of_identity: str
    bag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyBroken(Event):
    """What was scanned is not the expected patient's: the work stops."""

    kind: ClassVar[str] = "custody.broken"
    public: ClassVar[tuple[str, ...]] = ("chain_of_identity",)
    chain_id: int
    other_chain_id: int | None
    chain_of_identity: str = ""
    expected: str
    scanned: str
    detail: str
    at_site_id: int
