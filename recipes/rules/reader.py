"""Reading a plain document: every fault is collected with its JSON pointer, none stops the reading.

A ``Reader`` stands on one mapping. Each of its methods takes one key, judges it and returns
something usable whatever it found; the faults gather in one list shared by the whole document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Literal, TypeVar, overload

from kernel.errors import FieldError, Invalid
from kernel.quantities import decimal_from, unit_from

T = TypeVar("T")
W = TypeVar("W", bound=str)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
# Control characters and lone surrogates cannot be stored or printed; a line end can.
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LONGEST_LIST = 500
_ABSENT: Any = object()


def escaped(key: str) -> str:
    """Return ``key`` as a token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class Reader:
    """One mapping of the document, and where it stands."""

    def __init__(self, plain: Any, pointer: str, faults: list[FieldError]) -> None:
        self.pointer = pointer
        self.faults = faults
        self._seen: set[str] = set()
        self._plain: Mapping[str, Any] = {}
        if not isinstance(plain, Mapping):
            self.fault("", "wrong_type", "An object with named fields belongs here.")
        elif not all(isinstance(key, str) for key in plain):
            self.fault("", "wrong_type", "Names of fields are text.")
        else:
            self._plain = plain

    def at(self, key: str) -> str:
        """Return the pointer of ``key`` in this mapping."""
        return f"{self.pointer}/{escaped(key)}" if key else self.pointer

    def fault(self, key: str, code: str, detail: str) -> None:
        """Remember a fault of ``key``, or of the whole mapping."""
        self.faults.append(FieldError(pointer=self.at(key), code=code, detail=detail))

    def has(self, key: str) -> bool:
        """Say whether ``key`` is given and not null."""
        self._seen.add(key)
        return self._plain.get(key) is not None

    def done(self) -> None:
        """Find fault with every key that nobody asked for."""
        for key in sorted(set(self._plain) - self._seen)[:20]:
            shown = key if key.isprintable() and len(key) <= 40 else ascii(key[:40])
            self.fault(key[:200], "unknown_field", f"There is no field called {shown} here.")

    def _take(self, key: str, *, is_required: bool) -> Any:
        self._seen.add(key)
        value = self._plain.get(key)
        if value is None:
            if is_required:
                self.fault(key, "required", f"{_named(key)} is missing.")
            return _ABSENT
        return value

    def text(self, key: str, *, longest: int, is_required: bool = False) -> str:
        """Return text, its outer blanks removed; empty when absent."""
        value = self._take(key, is_required=is_required)
        if value is _ABSENT:
            return ""
        return self._text(key, value, longest=longest, is_required=is_required)

    def _text(self, key: str, value: Any, *, longest: int, is_required: bool = True) -> str:
        if not isinstance(value, str):
            self.fault(key, "wrong_type", f"{_named(key)} is text.")
            return ""
        stripped = value.strip()
        if is_required and not stripped:
            self.fault(key, "required", f"{_named(key)} is empty.")
        elif len(stripped) > longest:
            self.fault(key, "too_long", f"{_named(key)} is longer than {longest} characters.")
        elif _UNPRINTABLE.search(stripped):
            self.fault(key, "unprintable", f"{_named(key)} holds a character that cannot be kept.")
        else:
            return stripped
        return ""

    def code(self, key: str, *, longest: int = 40, is_required: bool = True) -> str:
        """Return a code: a letter, then letters, digits, hyphens and underscores."""
        return self._code(key, self.text(key, longest=longest, is_required=is_required))

    def _code(self, key: str, value: str) -> str:
        if value and not _CODE.fullmatch(value):
            self.fault(
                key,
                "not_a_code",
                f"{_named(key)} is a code: a letter, then letters, digits, hyphens or underscores.",
            )
            return ""
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key, is_required=False)
        if value is _ABSENT:
            return default
        if not isinstance(value, bool):
            self.fault(key, "wrong_type", f"{_named(key)} is true or false.")
            return default
        return value

    @overload
    def whole(self, key: str, *, low: int, high: int, is_required: Literal[True]) -> int: ...
    @overload
    def whole(self, key: str, *, low: int, high: int, is_required: bool = ...) -> int | None: ...
    def whole(self, key: str, *, low: int, high: int, is_required: bool = False) -> int | None:
        """Return a whole number between ``low`` and ``high``."""
        value = self._take(key, is_required=is_required)
        if value is _ABSENT:
            return low if is_required else None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fault(
                key,
                "out_of_range",
                f"{_named(key)} is a whole number from {low} to {high}.",
            )
            return low if is_required else None
        return value

    @overload
    def number(self, key: str, *, is_required: Literal[True]) -> Decimal: ...
    @overload
    def number(self, key: str, *, is_required: bool = ...) -> Decimal | None: ...
    def number(self, key: str, *, is_required: bool = False) -> Decimal | None:
        """Return an exact number; a float is refused, for its digits are not those written."""
        missing = Decimal(0) if is_required else None
        value = self._take(key, is_required=is_required)
        if value is _ABSENT:
            return missing
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.fault(key, "not_a_number", f"{_named(key)} is a number written as text.")
            return missing
        if isinstance(value, int) and abs(value) >= 10**18:
            self.fault(key, "number_out_of_range", f"{_named(key)} is out of range.")
            return missing
        try:
            return decimal_from(str(value))
        except Invalid as refusal:
            self.fault(key, refusal.code, refusal.detail)
            return missing

    def unit(self, key: str = "unit", *, default: str = "") -> str:
        """Return the code of a unit."""
        value = self._take(key, is_required=not default)
        if value is _ABSENT:
            return default or "1"
        # The plain number 1 is the unit 1.
        asked = "1" if value == 1 and not isinstance(value, bool | float) else value
        if not isinstance(asked, str):
            self.fault(key, "unknown_unit", f"{_named(key)} is the name of a unit.")
            return "1"
        try:
            return unit_from(asked)
        except Invalid as refusal:
            self.fault(key, refusal.code, refusal.detail)
            return "1"

    def word(self, key: str, words: Sequence[W], *, default: W | None = None) -> W:
        """Return one of ``words``; the first of them when the answer is of no use."""
        value = self._take(key, is_required=default is None)
        if value is _ABSENT:
            return words[0] if default is None else default
        found = next((word for word in words if word == value), None)
        if found is None:
            self.fault(key, "unknown_word", f"{_named(key)} is one of: {', '.join(words)}.")
            return words[0]
        return found

    def _items(self, key: str, *, is_required: bool) -> Sequence[Any]:
        value = self._take(key, is_required=is_required)
        if value is _ABSENT:
            return ()
        if not isinstance(value, list | tuple) or len(value) > _LONGEST_LIST:
            self.fault(
                key, "wrong_type", f"{_named(key)} is a list of at most {_LONGEST_LIST} items."
            )
            return ()
        return value

    def texts(self, key: str, *, longest: int = 400) -> tuple[str, ...]:
        """Return a list of texts."""
        items = enumerate(self._items(key, is_required=False))
        inner = Reader({}, self.at(key), self.faults)
        return tuple(inner._text(str(place), item, longest=longest) for place, item in items)

    def codes(self, key: str, *, longest: int = 40) -> tuple[str, ...]:
        """Return a list of codes, each once."""
        inner = Reader({}, self.at(key), self.faults)
        found = tuple(
            inner._code(str(place), inner._text(str(place), item, longest=longest))
            for place, item in enumerate(self._items(key, is_required=False))
        )
        if len(set(found)) < len(found):
            self.fault(key, "duplicate", f"{_named(key)} names the same thing twice.")
        return found

    def words(self, key: str, words: Sequence[W], *, default: tuple[W, ...]) -> tuple[W, ...]:
        """Return a list of some of ``words``, each once; ``default`` when absent or empty."""
        found = self.codes(key)
        if not set(found) <= set(words):
            self.fault(key, "unknown_word", f"{_named(key)} may hold: {', '.join(words)}.")
        return tuple(word for word in words if word in found) or default

    def part(self, key: str, parse: Callable[[Reader], T], *, is_required: bool = True) -> T:
        """Return the mapping under ``key``, parsed; of an absent one, an empty mapping parsed."""
        value = self._take(key, is_required=is_required)
        return self._parsed({} if value is _ABSENT else value, self.at(key), parse)

    def optional(self, key: str, parse: Callable[[Reader], T]) -> T | None:
        """Return the mapping under ``key``, parsed, or None when there is none."""
        value = self._take(key, is_required=False)
        return None if value is _ABSENT else self._parsed(value, self.at(key), parse)

    def parts(
        self, key: str, parse: Callable[[Reader], T], *, is_required: bool = False
    ) -> tuple[T, ...]:
        """Return the list of mappings under ``key``, each parsed."""
        items = enumerate(self._items(key, is_required=is_required))
        return tuple(self._parsed(item, f"{self.at(key)}/{place}", parse) for place, item in items)

    def named_parts(self, key: str, parse: Callable[[str, Reader], T]) -> tuple[T, ...]:
        """Return the mapping of mappings under ``key``, each parsed with its name, by name."""
        value = self._take(key, is_required=True)
        if value is _ABSENT:
            return ()
        outer = Reader(value, self.at(key), self.faults)
        return tuple(
            self._parsed(outer._plain[name], outer.at(name), partial(parse, name))
            for name in sorted(outer._plain)[:_LONGEST_LIST]
        )

    def _parsed(self, value: Any, pointer: str, parse: Callable[[Reader], T]) -> T:
        reader = Reader(value, pointer, self.faults)
        parsed = parse(reader)
        reader.done()
        return parsed


def _named(key: str) -> str:
    """Return the field as a sentence calls it."""
    return "This item" if key.isdigit() else key.replace("_", " ").capitalize()
