"""What is different between two versions of a recipe, part by part.

Things that have a code are compared with the thing of the same code, wherever it stands now; so a
step that moved is moved, not removed and added. A part is named by a path with codes in place of
indices, which stays good when something is put before it: comments hang on these paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from recipes.rules.editing import followers_of
from recipes.rules.form_words import kind_words, label_of, place_words
from recipes.rules.outline import title_of

_TOKEN = re.compile(r"\w+(?:[.,]\w+)*|\s+|[^\w\s]")

Sort = Literal["added", "removed", "moved", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that is different: its path, and what it says in either version, in words."""

    path: str
    label: str
    old: str
    new: str

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """The words of both, each ``kept``, ``old`` or ``new``."""
        return pieces_of(self.old, self.new)


@dataclass(slots=True, kw_only=True)
class Difference:
    """A part of the recipe that is different: added, removed, moved, or changed in some fields."""

    path: str
    kind: str
    code: str
    title: str
    sorts: list[Sort] = field(default_factory=list)
    moved: str = ""
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part with its place; ``before`` is the code of what stands before it in its list."""

    path: str
    kind: str
    plain: Mapping[str, Any]
    holder: str = ""
    order: int = 0


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Return what is different in the plain document ``new``, in the order of the document."""
    before, after = ({one.path: one for one in _parts(each)} for each in (old, new))
    moved = _moved(before, after)
    found = [
        one
        for path, part in after.items()
        if (one := _difference(before.get(path), part, path in moved, before, after))
    ]
    removed = [
        _whole(part, "removed") for path, part in before.items() if path not in after
    ]  # what is gone is told after what is there
    return found + removed


def _parts(plain: Mapping[str, Any]) -> Iterator[_Part]:
    """Yield every part of a document, from top to bottom."""
    for name in ("header", "formula", "other_information"):
        yield from _mapping(f"/{name}", name, plain.get(name) or {})
    for name in ("equipment_requirements", "environment"):
        yield from _items(f"/{name}", name, plain.get(name) or ())
    for key in plain.keys() - {"header", "formula", "other_information", "procedure",
                               "equipment_requirements", "environment"}:  # fmt: skip
        yield _Part(path=f"/{key}", kind=place_words(key), plain={key: plain[key]})
    followers, procedure = followers_of(plain), plain.get("procedure") or {}
    for u, unit in enumerate(procedure.get("unit_procedures") or ()):
        path = f"/unit_procedures/{unit['code']}"
        yield _Part(path=path, kind="Unit procedure", plain=_own(unit), order=u)
        for o, operation in enumerate(unit.get("operations") or ()):
            at = f"/operations/{operation['code']}"
            yield _Part(path=at, kind="Operation", plain=_own(operation), holder=path, order=o)
            for s, step in enumerate(operation.get("steps") or ()):
                yield _Part(
                    path=f"/steps/{step['code']}",
                    kind=kind_words(str(step["kind"])),
                    plain=_step(step, followers),
                    holder=at,
                    order=s,
                )


def _step(step: Mapping[str, Any], followers: frozenset[str]) -> Mapping[str, Any]:
    """Return a step; one that only follows the step before it says so, whichever that is."""
    return {**step, "after": ["the step before"]} if step["code"] in followers else step


def _own(part: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: one for key, one in part.items() if key not in ("operations", "steps")}
    if own.get("library"):
        own["library"] = own["library"]["version"]
    return own


def _mapping(path: str, name: str, plain: Mapping[str, Any]) -> Iterator[_Part]:
    lists = {key: one for key, one in plain.items() if _is_items(one)}
    inner = {key: one for key, one in plain.items() if isinstance(one, dict)}
    own = {key: one for key, one in plain.items() if key not in {**lists, **inner}}
    yield _Part(path=path, kind=place_words(name), plain=own)
    for key, part in inner.items():
        yield _Part(path=f"{path}/{key}", kind=place_words(key), plain=part)
    for key, items in lists.items():
        yield from _items(f"{path}/{key}", key, items)


def _is_items(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _items(path: str, name: str, items: Sequence[Any]) -> Iterator[_Part]:
    for place, item in enumerate(items):
        yield _Part(path=f"{path}/{_key_of(item, place)}", kind=place_words(name), plain=item,
                    holder=path, order=place)  # fmt: skip


def _key_of(item: Mapping[str, Any], place: int) -> str:
    """Return by what an item is known from version to version."""
    if "code" in item:
        return str(item["code"])
    if "step" in item:
        return f"{item['step']}-{item.get('label', place)}"[:80]
    named = [str(item[one]) for one in ("quantity", "place") if one in item]
    return "-".join(named) or str(place)


def _moved(before: Mapping[str, _Part], after: Mapping[str, _Part]) -> set[str]:
    """Return the paths of what stands elsewhere, or elsewhere among what is in both versions."""
    both = [path for path in after if path in before]
    found = {path for path in both if before[path].holder != after[path].holder}
    holders = {after[path].holder for path in both}
    for holder in holders:
        stay = [one for one in both if after[one].holder == holder and one not in found]
        was = sorted(stay, key=lambda one: before[one].order)
        kept: set[str] = set()
        for block in SequenceMatcher(None, was, stay, autojunk=False).get_matching_blocks():
            kept |= set(stay[block.b : block.b + block.size])
        found |= set(stay) - kept
    return found


def _difference(
    old: _Part | None,
    new: _Part,
    is_moved: bool,
    before: Mapping[str, _Part],
    after: Mapping[str, _Part],
) -> Difference | None:
    if old is None:
        return _whole(new, "added")
    changes = list(_changes(new.path, old.plain, new.plain))
    if not changes and not is_moved:
        return None
    made = _named(new)
    made.changes = changes
    if is_moved:
        made.sorts.append("moved")
        made.moved = f"from {_where(old, before)} to {_where(new, after)}"
    if changes:
        made.sorts.append("changed")
    return made


def _where(part: _Part, parts: Mapping[str, _Part]) -> str:
    neighbors = [one for one in parts.values() if one.holder == part.holder]
    ahead = next((one for one in neighbors if one.order == part.order - 1), None)
    holder = parts.get(part.holder)
    inside = f" in {title_of(holder.plain)}" if holder else ""
    return f"after {_key_of(ahead.plain, 0)}{inside}" if ahead else f"the first place{inside}"


def _named(part: _Part) -> Difference:
    return Difference(
        path=part.path,
        kind=part.kind,
        code=str(part.plain.get("code") or "") if part.holder or "/unit" in part.path else "",
        title=title_of(part.plain) if part.holder or "/unit" in part.path else "",
    )


def _whole(part: _Part, sort: Sort) -> Difference:
    made = _named(part)
    made.sorts = [sort]
    empty: dict[str, Any] = {}
    pair = (empty, part.plain) if sort == "added" else (part.plain, empty)
    made.changes = [one for one in _changes(part.path, *pair) if not one.path.endswith("/code")]
    return made


def _changes(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in {**new, **old}:
        was, now = old.get(key), new.get(key)
        if was == now or words_of(was) == words_of(now):
            continue
        yield Change(
            path=f"{path}/{key}", label=label_of("", key), old=words_of(was), new=words_of(now)
        )


def words_of(value: Any) -> str:
    """Return a plain value as it is read; nothing for what is empty."""
    match value:
        case None | "" | False:
            return ""
        case True:
            return "yes"
        case list():
            return "\n".join(words_of(one) for one in value)
        case dict():
            said = [f"{label_of('', key)}: {words_of(one)}" for key, one in value.items()
                    if words_of(one)]  # fmt: skip
            return ", ".join(said)
        case _:
            return str(value)


def pieces_of(old: str, new: str) -> list[tuple[str, str]]:
    """Return the words of two texts side by side: kept, old, new."""
    was, now = _split(old), _split(new)
    pieces: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("kept", "".join(was[a:b])))
            continue
        if b > a:
            pieces.append(("old", "".join(was[a:b])))
        if d > c:
            pieces.append(("new", "".join(now[c:d])))
    return pieces


def _split(text: str) -> list[str]:
    return _TOKEN.findall(text)


def counts_of(found: Sequence[Difference]) -> list[tuple[str, int]]:
    """Return how many parts are added, removed, moved, changed."""
    sorts: tuple[Sort, ...] = ("added", "removed", "moved", "changed")
    counts = [(one, sum(one in each.sorts for each in found)) for one in sorts]
    return [(name, count) for name, count in counts if count]
