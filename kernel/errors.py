"""Refusals: every way the house says no, each with the HTTP status an edge should answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One fault in the input: where it is (RFC 6901 JSON pointer), its code, and a sentence."""

    pointer: str
    code: str
    detail: str


class Refusal(Exception):
    """The base of every refusal; an edge turns it into a page or a problem document (RFC 9457).

    Args:
        detail: one sentence for the person who asked.
        pointer: the JSON pointer of the field at fault, when there is one.
        code: a stable machine-readable word; the class default when empty.
        errors: all the faults found, when there is more than one.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Refused"
    default_code: ClassVar[str] = "refused"

    def __init__(
        self,
        detail: str,
        *,
        pointer: str = "",
        code: str = "",
        errors: Iterable[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = tuple(errors)
        if pointer and not self.errors:
            self.errors = (FieldError(pointer=pointer, code=self.code, detail=detail),)


class Invalid(Refusal):
    """The input is understood and wrong."""

    status = 422
    title = "The input is not valid"
    default_code = "invalid"


class Unauthenticated(Refusal):
    """Nobody known is asking."""

    status = 401
    title = "Sign in first"
    default_code = "not_authenticated"


class WrongCredentials(Refusal):
    """The two components of a signature do not belong together (21 CFR 11.200)."""

    status = 401
    title = "Not signed"
    default_code = "wrong_credentials"


class NotPermitted(Refusal):
    """This person may not do that."""

    status = 403
    title = "Not permitted"
    default_code = "not_permitted"


class NotFound(Refusal):
    """There is no such record, or not for this reader."""

    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(Refusal):
    """The record is not in a condition for this."""

    status = 409
    title = "Conflict"
    default_code = "conflict"


class IllegalMove(Conflict):
    """The state machine has no such edge."""

    title = "Not possible in this state"
    default_code = "illegal_move"


class StaleView(Conflict):
    """The record changed after it was shown."""

    status = 409
    title = "The record changed since you looked"
    default_code = "stale_view"


class AlreadyDone(Conflict):
    """Somebody did it first."""

    title = "Already done"
    default_code = "already_done"


class HardStop(Conflict):
    """Identity does not match: the work stops and the stop itself is on the record."""

    title = "Stop"
    default_code = "hard_stop"


class TooLarge(Refusal):
    """The body is larger than the house accepts."""

    status = 413
    title = "Too large"
    default_code = "too_large"


class Unavailable(Refusal):
    """The house is not healthy enough to take a write (fail closed)."""

    status = 503
    title = "Not available"
    default_code = "unavailable"
