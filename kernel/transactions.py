"""Who owns the transaction: the outermost command, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

T = TypeVar("T")

# Deadlock victim and serialization failure: PostgreSQL undid everything, so asking again is safe.
_TRY_AGAIN = {"40P01", "40001"}
_TRIES = 3


def is_inside() -> bool:
    """Say whether a transaction that is not a test's own wrapper is open on this connection."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


@contextmanager
def whole() -> Iterator[None]:
    """Open the one transaction of a gesture: everything in it commits, or nothing does."""
    with transaction.atomic(durable=True):
        yield


def repeated(ask: Callable[[], T]) -> T:
    """Run ``ask`` again when PostgreSQL chose it as the victim of a deadlock, thrice at most."""
    for left in range(_TRIES, 0, -1):
        try:
            return ask()
        except OperationalError as error:
            pgcode = getattr(error.__cause__, "pgcode", None)
            if pgcode not in _TRY_AGAIN or left == 1 or is_inside():
                raise
    raise AssertionError("unreachable: the last try returns or raises")


@dataclass(slots=True)
class Scope:
    """What the outermost command carries: the act, and the ledger entries not yet written."""

    act: Any
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """Return the scope of the running command, or None outside one."""
    return _scope.get()


@contextmanager
def scope_of(act: Any) -> Iterator[Scope]:
    """Make ``act`` the one that every write in this block belongs to."""
    scope = Scope(act)
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)
