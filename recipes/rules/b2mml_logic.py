"""The procedure logic of a B2MML recipe: its links as what comes after what, and its branches.

The standard draws a procedure as a chart of steps, transitions and links between them. Here, what
follows is said by codes, and a branch by a condition; whatever of a chart cannot be said so is
left, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from recipes.rules.xml_text import Element

_COMPARISON = re.compile(r"([A-Za-z][\w .-]*?)\s*(<=|>=|==|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)", re.ASCII)
_ALWAYS = {"", "true", "1", "always"}
_NO_FLOW = {"TransferLink": "what flows between units is written as materials here",
            "SynchronizationLink": "steps of two units wait for each other by “after” here"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A condition as it can be kept: a parameter of the file, an operator, a number."""

    name: str
    operator: str
    number: str


@dataclass(slots=True, kw_only=True)
class Logic:
    """What a chart says of elements, by their ids: what each comes after, and on which condition."""

    after: dict[str, list[str]] = field(default_factory=dict)
    when: dict[str, tuple[Element, Comparison]] = field(default_factory=dict)


def read_logic(
    chart: Element,
    elements: set[str],
    take: Callable[[Element], str],
    leave: Callable[[Element, str], None],
) -> Logic:
    """Return what a chart says of the elements beside it.

    Args:
        elements: the ids of the elements that become something here; a begin and an end do not.
        take: marks an element of the file as taken, and gives its text.
        leave: marks an element as left, with the reason.
    """
    nodes: dict[str, str] = {}
    for step in chart.all("Step"):
        names = {one.name: take(one) for one in step.children if one.name != "Description"}
        take(step)
        nodes[names.get("ID", "")] = names.get("RecipeElementID", "")
    conditions: dict[str, Element] = {}
    for transition in chart.all("Transition"):
        name, condition = transition.first("ID"), transition.first("Condition")
        take(transition)
        if name is not None and condition is not None:
            conditions[take(name)] = condition
    before = _before(chart, {*nodes, *conditions}, take, leave)
    logic = Logic()
    for node, named in nodes.items():
        if named in elements:
            logic.after[named] = list(_elements_before(node, before, nodes, elements))
    for node, condition in conditions.items():
        followers = [one for one, ahead in before.items() if node in ahead]
        _read_condition(node, condition, followers, before, nodes, logic, elements, take, leave)
    take(chart)
    return logic


def _before(
    chart: Element,
    nodes: set[str],
    take: Callable[[Element], str],
    leave: Callable[[Element, str], None],
) -> dict[str, dict[str, None]]:
    """Return what stands right before each node; a link that closes a circle is left."""
    before: dict[str, dict[str, None]] = {}
    for link in chart.all("Link"):
        kind = link.first("LinkType")
        why = _NO_FLOW.get(kind.text if kind else "")
        ends = [
            (link.all(one), value)
            for one, value in (("FromID", "FromIDValue"), ("ToID", "ToIDValue"))
        ]
        names = [[inner.text for one in found for inner in one.all(value)] for found, value in ends]
        if why is None and not all(set(one) <= nodes and one for one in names):
            why = "it does not join steps or transitions of this chart"
        if why is None and any(
            _reaches(after, ahead, before) for ahead in names[0] for after in names[1]
        ):
            why = "it leads back: a loop is written as “repeat” of an operation here"
        if why is not None:
            leave(link, why)
            continue
        for one in link.walk():
            take(one)
        for after in names[1]:
            before.setdefault(after, {}).update(dict.fromkeys(names[0]))
    return before


def _reaches(node: str, target: str, before: Mapping[str, Mapping[str, None]]) -> bool:
    """Say whether ``node`` is, or stands anywhere before, ``target``."""
    seen, waiting = set(), [target]
    while waiting:
        one = waiting.pop()
        if one == node:
            return True
        if one not in seen:
            seen.add(one)
            waiting += before.get(one, {})
    return False


def _elements_before(
    node: str,
    before: Mapping[str, Mapping[str, None]],
    nodes: Mapping[str, str],
    elements: set[str],
) -> dict[str, None]:
    """Return the elements that stand before a node, through transitions, begins and ends."""
    found: dict[str, None] = {}
    seen, waiting = {node}, list(before.get(node, {}))
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if nodes.get(one) in elements:
            found[nodes[one]] = None
        else:
            waiting += before.get(one, {})
    return found


def _read_condition(
    name: str,
    condition: Element,
    followers: list[str],
    before: Mapping[str, Mapping[str, None]],
    nodes: Mapping[str, str],
    logic: Logic,
    elements: set[str],
    take: Callable[[Element], str],
    leave: Callable[[Element, str], None],
) -> None:
    """Keep a condition where it chooses a branch that is one element; else leave it."""
    if condition.text.lower() in _ALWAYS:
        take(condition)
        return
    found = _COMPARISON.fullmatch(condition.text)
    ahead = before.get(name, {})
    is_branch = any(len(_followers(one, before)) > 1 for one in ahead)
    reached = [nodes[one] for one in followers if nodes.get(one) in elements]
    if found is None:
        leave(condition, "a condition here is one comparison of a parameter with a number")
    elif not is_branch or len(reached) != 1 or len(followers) != 1:
        leave(condition, "only a condition that chooses one element of several is kept as “when”")
    else:
        operator = "==" if found[2] == "=" else found[2]
        comparison = Comparison(name=found[1], operator=operator, number=found[3])
        logic.when[reached[0]] = (condition, comparison)


def _followers(node: str, before: Mapping[str, Mapping[str, None]]) -> list[str]:
    return [one for one, ahead in before.items() if node in ahead]


def in_order(names: list[str], logic: Logic) -> Iterator[str]:
    """Yield elements so that none stands before what it comes after, else as they stand."""
    left = list(names)
    done: set[str] = set()
    while left:
        one = next(
            (one for one in left if set(logic.after.get(one, ())) & set(names) <= done), left[0]
        )
        left.remove(one)
        done.add(one)
        yield one
