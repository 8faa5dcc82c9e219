"""State machines as tables: one table draws, guards, fills the buttons and feeds the tests."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.errors import IllegalMove


class Moves:
    """The legal moves of one kind of record.

    Args:
        name: what the record is called in a sentence ("batch").
        initial: the state a new record starts in.
        table: ``{(state, verb): next state}``; whatever is absent is refused.
    """

    def __init__(self, name: str, initial: str, table: Mapping[tuple[str, str], str]) -> None:
        self.name = name
        self.initial = initial
        self.table = dict(table)
        self.states = frozenset({initial, *(s for s, _ in table), *table.values()})
        self.verbs = frozenset(verb for _, verb in table)
        self.edges = frozenset((before, after) for (before, _), after in table.items())

    def after(self, state: str, verb: str) -> str:
        """Return the state that follows ``verb``.

        Raises:
            IllegalMove: the table has no such edge.
        """
        try:
            return self.table[state, verb]
        except KeyError:
            told = verb.replace("_", " ")
            raise IllegalMove(
                f"A {self.name} that is {state.replace('_', ' ')} cannot be asked to {told}."
            ) from None

    def verbs_from(self, state: str) -> tuple[str, ...]:
        """Return the verbs that are legal in ``state``, in table order."""
        return tuple(verb for (before, verb) in self.table if before == state)

    def is_end(self, state: str) -> bool:
        """Say whether nothing leads out of ``state``."""
        return not self.verbs_from(state)

    def choices(self) -> list[tuple[str, str]]:
        """Return the states as choices for a field, in table order."""
        ordered = dict.fromkeys(
            [
                self.initial,
                *(s for pair in self.table.items() for s in (pair[0][0], pair[1])),
            ]
        )
        return [(state, state.replace("_", " ")) for state in ordered]
