"""Acts and commands: a person acts, the system records, and one gesture is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload
from uuid import UUID

from audit.keys import warrant_of
from audit.models import Recorded, User
from kernel.canonical import canonical
from kernel.prepared import statement
from kernel.transactions import current_scope, repeated, scope_of, whole

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something, when, why, and from where: one act for all that one gesture changes."""

    id: UUID
    by: User
    at: datetime
    reason: str = ""
    origin: str = ""


class NothingRecorded(RuntimeError):
    """A programming error: a command changed something and told the ledger nothing."""


@overload
def command(function: Callable[P, R]) -> Callable[P, R]: ...
@overload
def command(*, may_be_silent: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def command(
    function: Callable[P, R] | None = None, *, may_be_silent: bool = False
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Make ``function`` a command: the outermost one owns the transaction, inner ones join it.

    Args:
        may_be_silent: the command may find nothing to do and leave no entry.
    """

    def made(inner: Callable[P, R]) -> Callable[P, R]:
        @wraps(inner)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            act = kwargs.get("act")
            if not isinstance(act, Act):
                raise TypeError(f"{inner.__name__} needs an act")
            if current_scope() is not None:
                return inner(*args, **kwargs)
            return repeated(lambda: _alone(act, inner, may_be_silent, args, kwargs))

        return asked

    return made(function) if function else made


def _alone(act: Act, inner: Callable[..., R], may_be_silent: bool, args: Any, kwargs: Any) -> R:
    with whole(), scope_of(act) as scope:
        answer = inner(*args, **kwargs)
        if not scope.entries and not may_be_silent:
            raise NothingRecorded(f"{inner.__name__} left no ledger entry")
        _write(scope.entries)
        return answer


def _write(entries: list[tuple[str, dict[str, Any]]]) -> None:
    """Write the entries in stream order.

    Note [Locks of the ledger]: the trigger holds one lock per stream until commit. Taking the
    locks last, and always in the same order, keeps two commands from waiting for each other.
    """
    if not entries:
        return
    ordered = sorted(entries, key=lambda pair: pair[0])
    statement(
        "INSERT INTO audit_ledgerentry (stream, entry)"
        " SELECT * FROM unnest(%s::text[], %s::text[])",
        [
            [stream for stream, _ in ordered],
            [warranted(stream, canonical(entry)) for stream, entry in ordered],
        ],
    ).close()


def warranted(stream: str, text: str) -> str:
    """Return the text of an entry with its warrant, which is always the last of its keys."""
    return f'{text[:-1]},"warrant":"{warrant_of(stream, text)}"}}'


def record(act: Act, verb: str, obj: Recorded, *, reason: str = "", **notes: Any) -> None:
    """Tell the ledger that ``act`` did ``verb`` to ``obj``; call it after ``obj.save()``.

    Args:
        reason: why, when it is more special than the reason of the act.
        notes: further plain values worth keeping beside what changed.
    """
    scope = current_scope()
    if scope is None or scope.act.id != act.id:
        raise NothingRecorded("an act is recorded inside its own command")
    before, after = obj.taken_changes()
    scope.entries.append(
        (
            obj.stream(),
            entry_of(act, verb, obj, before, after, reason=reason, notes=notes),
        )
    )


def entry_of(
    act: Act,
    verb: str,
    obj: Recorded,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    reason: str,
    notes: dict[str, Any],
) -> dict[str, Any]:
    """Return the body of a ledger entry: who, what, before, after, when, why, from where."""
    entry: dict[str, Any] = {
        "act": act.id,
        "at": act.at,
        "by": {"id": act.by.pk, "name": act.by.full_name, "username": act.by.username},
        "verb": verb,
        "subject": {"type": obj._meta.label, "id": str(obj.pk)},
        "before": before,
        "after": after,
        "origin": act.origin,
        "reason": reason or act.reason,
    }
    if notes:
        entry["notes"] = notes
    return entry
