"""Events: how a lower floor tells a higher one that something happened, without importing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, in the past tense; ids, plain values and the act that caused it.

    ``kind`` is the name under which the event feed shows it to clients, ``public`` the fields it
    shows; an event without a kind stays inside the house. ``subject`` is the number of the record.
    """

    kind: ClassVar[str] = ""
    public: ClassVar[tuple[str, ...]] = ()
    act: Any
    site_id: int | None = None
    subject: str = ""


Readers = Mapping[type[Event], Sequence[Callable[[Any], None]]]
_readers: dict[type[Event], tuple[Callable[[Any], None], ...]] = {}
_first: list[Callable[[Event], None]] = []


def set_readers(readers: Readers, *, first: Sequence[Callable[[Event], None]] = ()) -> None:
    """Replace the readers table; ``first`` are told every event, before its own readers."""
    _readers.clear()
    _readers.update({event: tuple(told) for event, told in readers.items()})
    _first[:] = first


def readers_of(event: type[Event]) -> tuple[Callable[[Any], None], ...]:
    """Return who is told of ``event``, in order."""
    return _readers.get(event, ())


def publish(event: Event) -> None:
    """Tell every reader at once, in this transaction; one that fails undoes the fact."""
    for told in _first:
        told(event)
    for reader in readers_of(type(event)):
        reader(event)
