"""Prepared queries: written with the ORM, compiled once, planned once by the database.

Django compiles a query set anew each time it is asked, which costs more than the answer where a
gesture asks a dozen small questions by primary key. A prepared query keeps the text; PostgreSQL
keeps the plan (PREPARE, EXECUTE). Rows become the same instances by the same code of Django's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import signature
from itertools import count
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import QuerySet
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
    """One query of one connection: the query set, its compiler, and where its arguments stand."""

    def __init__(self, rows: QuerySet[Any], slots: list[Any], name: str) -> None:
        self.rows, self.name = rows, name
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
        # How a row becomes values is the same for every answer, too.
        converters = self.compiler.get_converters(
            [column for column, *_ in self.compiler.select[: self.compiler.col_count]]
        )
        self.compiler.get_converters = lambda _: converters
        query.get_compiler = lambda *_, **__: self.compiler
        # The statements of a session that ended are gone: known by the session, not by its wrapper.
        self.sessions: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

    def answer(self, arguments: list[Any]) -> Iterator[Any]:
        """Ask with these arguments."""
        if self.is_locking and connection.get_autocommit():
            raise TransactionManagementError("a lock is taken inside a transaction only")
        connection.ensure_connection()
        if connection.connection not in self.sessions:
            self._prepare()
        holes = ", ".join(["%s"] * len(arguments))
        asked = f'EXECUTE "{self.name}"' + (f" ({holes})" if arguments else "")
        self.compiler.as_sql = lambda: (asked, tuple(arguments))
        made: Any = self.rows
        return iter(made._iterable_class(made))

    def _prepare(self) -> None:
        """Let the database of this session parse the query."""
        with connection.cursor() as cursor:
            literals = [
                f"${place + 1}" if place is not None else cursor.mogrify("%s", [value]).decode()
                for place, value in zip(self.places, self.constants, strict=True)
            ]
            cursor.execute(f'PREPARE "{self.name}" AS {self.text % tuple(literals)}')
        self.sessions[connection.connection] = True


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
        return list(kept.answer(list(bound.values() if bound is not None else args)))

    return ask
