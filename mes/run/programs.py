"""The programs of a run as a whole: started, and started again when one of them dies."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from mes.run.children import Child, say, stop_all
from mes.run.errors import RunError

DEATHS, WITHIN_SECONDS = 3, 60.0


class Programs:
    """The programs of a run by name, each a child of ours.

    Args:
        commands: the command line of each.
        environment: what all of them are told.
        logs: the folder of their logs.
    """

    def __init__(
        self, commands: Mapping[str, Sequence[str]], environment: dict[str, str], logs: Path
    ) -> None:
        self._commands, self._environment, self._logs = commands, environment, logs
        self._deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=DEATHS))
        self._children: dict[str, Child] = {}

    def start(self) -> None:
        """Start all of them."""
        for name in self._commands:
            self._start(name)

    def require_alive(self) -> None:
        """Go on only if none has ended.

        Raises:
            RunError: one has; its last lines are shown.
        """
        for name, child in self._children.items():
            if child.has_ended():
                raise self._given_up(name, child.bury())

    def mend(self) -> None:
        """Start again what ended.

        Raises:
            RunError: one ended for the third time within a minute: it would only die again.
        """
        for name, child in list(self._children.items()):
            if child.has_ended():
                self._mend(name, child.bury())

    def _mend(self, name: str, code: int) -> None:
        deaths, at = self._deaths[name], time.monotonic()
        deaths.append(at)
        if len(deaths) == DEATHS and at - deaths[0] < WITHIN_SECONDS:
            raise self._given_up(name, code)
        self._show_last_lines(name)
        say(f"{name} ended with code {code} and is started again.")
        self._start(name)

    def stop(self) -> list[str]:
        """End all, and return the names of those that had to be killed."""
        return stop_all(self._children.values())

    def _start(self, name: str) -> None:
        self._children[name] = Child(name, self._commands[name], self._environment, self._logs)

    def _given_up(self, name: str, code: int) -> RunError:
        self._show_last_lines(name)
        return RunError(
            f"{name} ended with code {code}, so everything is stopped:"
            f" its last lines are above, all of them in {self._children[name].log}."
        )

    def _show_last_lines(self, name: str) -> None:
        for line in self._children[name].last_lines:
            say(f"{name:>8} | {line}")
