"""The base of every GxP record: saved inside a command only, and it knows what changed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from audit.models import writing
from kernel.canonical import plain
from kernel.states import Moves
from kernel.transactions import current_scope


class NoAct(RuntimeError):
    """A programming error: a write outside a command (no act, no write)."""


def kept_history() -> writing.KeptHistory:
    """Return the readable history of a record, with the act as the reason of each change."""
    return writing.KeptHistory(related_name="+")


class Recorded(models.Model):
    """A record under the ledger.

    ``chained_in`` names the stream of a record: a kind and the field that completes it. Records
    of one stream are chained together, and wait for each other. ``unrecorded`` fields are
    secrets that stay out of the ledger; rows of an ``append_only`` model are never changed.
    """

    chained_in: ClassVar[tuple[str, str | None]]
    append_only: ClassVar[bool] = False
    moves: ClassVar[dict[str, Moves]] = {}
    unrecorded: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **how: Any) -> Self:
        """Remember the stored values, so that the ledger can say what changed."""
        made = super().from_db(db, field_names, values, **how)
        made._read = dict(made.__dict__)
        return made

    def refresh_from_db(
        self, using: str | None = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        """Read again, all or some fields: what comes from the database is no change of ours.

        Django reads a deferred field this way when it is first looked at.
        """
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        if fields is None:
            self._read = dict(self.__dict__)
        elif hasattr(self, "_read"):
            self._read.update(
                {name: self.__dict__[name] for name in fields if name in self.__dict__}
            )

    def snapshot(self) -> dict[str, Any]:
        """Return the values of the record's fields, in canonical terms."""
        deferred = self.get_deferred_fields()
        return {
            field.attname: plain(getattr(self, field.attname))
            for field in self._meta.concrete_fields
            if field.attname not in self.unrecorded and field.attname not in deferred
        }

    def taken_changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what changed since the record was read or last asked: (before, after)."""
        read: dict[str, Any] = getattr(self, "_read", {})
        now = self.snapshot()
        stored = {name: plain(read[name]) for name in now if name in read}
        changed = [
            name for name, value in now.items() if name not in stored or stored[name] != value
        ]
        before = {name: stored[name] for name in changed if name in stored}
        self._read = dict(self.__dict__)
        return before, {name: now[name] for name in changed}

    def stream(self) -> str:
        """Return the ledger stream this record is chained in ("batch:12", "people")."""
        kind, name = self.chained_in
        if name is None:
            return kind
        value = str(getattr(self, name))
        return f"{kind}:{value}" if kind else value

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the record, inside a command only."""
        scope = current_scope()
        if scope is None:
            raise NoAct(f"{type(self).__name__}.save() outside a command")
        self._change_reason = str(scope.act.id)
        super().save(*args, **kwargs)

    def _do_insert(
        self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: Any
    ) -> list[Any]:
        return writing.insert(self, fields, returning_fields)

    def _do_update(  # type: ignore[override]  # the stubs know the next version of Django
        self, base_qs: Any, using: Any, pk_val: Any, values: Any, update_fields: Any, forced: Any
    ) -> bool:
        return writing.update(self, [(field, value) for field, _, value in values])

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: records are never deleted."""
        raise NoAct(f"a {type(self).__name__} is never deleted")
