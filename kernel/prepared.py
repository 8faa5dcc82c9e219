"""Prepared queries: written with the ORM, compiled once, planned once by the database.

Django compiles a query set anew each time it is asked, which costs more than the answer where a
gesture asks a dozen small questions by primary key. A prepared query keeps the text; PostgreSQL
keeps the plan (PREPARE, EXECUTE). Rows become the same instances by the same code of Django's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from itertools import count
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import QuerySet
from django.db.models.query import (
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
Row = TypeVar("Row")

_numbers = count(1)
# Stand where an argument will stand while the text is made: short enough for the smallest column
# of integers, and in no query of ours.
_SLOTS: dict[str, Callable[[int], Any]] = {
    "int": lambda place: 32_001 + place,
    "str": lambda place: f"\ue000 argument {place} \ue000",
}


class _Kept:
    """One query of one connection: the query set, where its arguments stand, and what a row becomes."""

    def __init__(self, rows: QuerySet[Any], slots: list[Any], name: str) -> None:
        self.name = name
        query: Any = rows.query
        self.is_locking = bool(query.select_for_update)
        self.compiler: Any = query.get_compiler(using=rows.db)
        text, given = self.compiler.as_sql()
        self.places = [slots.index(one) if one in slots else None for one in given]
        self.constants = given
        unused = set(range(len(slots))) - set(self.places)
        if unused:
            raise TypeError(f"{name}: argument {min(unused) + 1} stands nowhere in the query")
        self.text = text
        holes = ", ".join(["%s"] * len(slots))
        self.asked = f'EXECUTE "{self.name}"' + (f" ({holes})" if slots else "")
        # How a row becomes values, and values a record, is the same for every answer, too.
        self.converters: Any = self.compiler.get_converters(
            [column for column, *_ in self.compiler.select[: self.compiler.col_count]]
        )
        self.made = _maker(rows, self.compiler)
        # The statements of a session that ended are gone: known by the session, not by its wrapper.
        self.sessions: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

    def answer(self, wrapper: Any, arguments: Sequence[Any]) -> list[Any]:
        """Ask with these arguments."""
        if self.is_locking and wrapper.get_autocommit():
            raise TransactionManagementError("a lock is taken inside a transaction only")
        wrapper.ensure_connection()
        if wrapper.connection not in self.sessions:
            self._prepare()
        with wrapper.cursor() as cursor:
            cursor.execute(self.asked, arguments)
            found = cursor.fetchall()
        if found and self.converters:
            found = self.compiler.apply_converters(found, self.converters)
        return [self.made(row) for row in found]

    def _prepare(self) -> None:
        """Let the database of this session parse the query."""
        with connection.cursor() as cursor:
            literals = [
                f"${place + 1}" if place is not None else cursor.mogrify("%s", [value]).decode()
                for place, value in zip(self.places, self.constants, strict=True)
            ]
            cursor.execute(f'PREPARE "{self.name}" AS {self.text % tuple(literals)}')
        self.sessions[connection.connection] = True


_statements: dict[str, str] = {}
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def statement(text: str, values: Sequence[Any]) -> Any:
    """Carry out a statement of our own that the database parses once for each session.

    Args:
        text: the statement with ``%s`` where a value stands; one of few, never made of input.
        values: what stands there, in order.

    Returns:
        The cursor; use it in a ``with``, for what is returned or counted.
    """
    connection.ensure_connection()
    known = _prepared.setdefault(connection.connection, set())
    if text not in known:
        name = _statements.setdefault(text, f"statement {next(_numbers)}")
        places = tuple(f"${place + 1}" for place in range(len(values)))
        with connection.cursor() as cursor:
            cursor.execute(f'PREPARE "{name}" AS {text % places}')
        known.add(text)
    cursor = connection.cursor()
    holes = ", ".join(["%s"] * len(values))
    cursor.execute(f'EXECUTE "{_statements[text]}" ({holes})', values)
    return cursor


def _maker(rows: QuerySet[Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """Return what makes of a row what the query set makes of it, by Django's own steps.

    Raises:
        TypeError: the query set makes neither records nor tuples.
    """
    kind: Any = rows._iterable_class
    if kind is ValuesListIterable:
        return tuple
    if kind is not ModelIterable:
        raise TypeError(f"a prepared query makes records or tuples, no {kind.__name__}")
    described, using = compiler.klass_info, rows.db
    model: Any = described["model"]
    first, last = described["select_fields"][0], described["select_fields"][-1] + 1
    names = [column[0].target.attname for column in compiler.select[first:last]]
    populators = get_related_populators(described, compiler.select, using)  # type: ignore[call-arg]  # the stubs know a later Django
    annotations = tuple((compiler.annotation_col_map or {}).items())

    def record(row: Sequence[Any]) -> Any:
        found = model.from_db(using, names, row[first:last])
        for one in populators:
            one.populate(row, found)
        for name, place in annotations:
            setattr(found, name, row[place])
        return found

    return record


def prepared(made: Callable[P, QuerySet[Any, Row]]) -> Callable[P, list[Row]]:
    """Make a function that returns a query set into one that returns its rows, compiled once.

    The arguments are ids (``int``) and codes (``str``) that stand in the query as they are; the
    function is asked once for each connection, and must not look at them otherwise.

    Raises:
        TypeError: an argument is of another kind, or stands nowhere in the query.
    """
    name = f"{made.__name__} {next(_numbers)}"[:60]
    known: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()
    parameters = signature(made).parameters.values()
    kinds = [str(one.annotation) for one in parameters]
    if set(kinds) - set(_SLOTS):
        raise TypeError(f"{made.__name__}: arguments of a prepared query are int or str")

    @wraps(made)
    def ask(*args: P.args, **kwargs: P.kwargs) -> list[Row]:
        wrapper = connections[DEFAULT_DB_ALIAS]
        kept = known.get(wrapper)
        if kept is None:
            slots: list[Any] = [_SLOTS[kind](place) for place, kind in enumerate(kinds)]
            template: Any = made
            kept = known[wrapper] = _Kept(template(*slots), slots, name)
        bound = signature(made).bind(*args, **kwargs).arguments if kwargs else None
        return kept.answer(wrapper, tuple(bound.values()) if bound is not None else args)

    return ask
