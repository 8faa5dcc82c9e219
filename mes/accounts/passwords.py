"""What a password may be: long enough, known to nobody else, and otherwise as one likes.

NIST SP 800-63B-4, 3.1.1.2: length, a list of what is guessed first, words of the context, and a
reason for every refusal; no rules of composition, no hints, no change because time has passed.
The list is the one that Django ships (the 20,000 most common passwords): nothing is asked outside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from audit.models import User

LONGEST = 256
# What must be left of a password without the words that anybody here would guess.
LEFT = 8
PRODUCT = ("onelot", "batch", "pharma", "password", "welcome", "therapy", "release", "cart19")
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890")


class LengthValidator:
    """15 characters, or 8 where a second factor is shown with it; never cut, never too long."""

    def __init__(self, alone: int = 15, with_second_factor: int = 8) -> None:
        self.alone = alone
        self.with_second_factor = with_second_factor

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse a password that is too short or too long, in code points (PWD-01)."""
        if "\x00" in password:
            raise ValidationError("A password has no null character.", code="password_null")
        length = len(unicodedata.normalize("NFKC", password))
        least = self.least_for(user)
        if length < least:
            raise ValidationError(
                f"This password is too short: it has {length} characters, and needs {least}."
                " A sentence is easy to remember.",
                code="password_too_short",
            )
        if length > LONGEST:
            raise ValidationError(
                f"This password is too long: it has {length} characters, and may have {LONGEST}.",
                code="password_too_long",
            )

    def least_for(self, user: Any) -> int:
        """Return how many characters this person's password needs."""
        from mes.accounts.factors import has_factor

        is_known = isinstance(user, User) and user.pk is not None
        return self.with_second_factor if is_known and has_factor(user) else self.alone

    def get_help_text(self) -> str:
        """Say what is asked."""
        return f"At least {self.alone} characters; a sentence of a few words is good."


class GuessableValidator:
    """Not among the most common ones, no row of keys, not the person or the product repeated."""

    def __init__(self) -> None:
        self.common: set[str] = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse what would be tried first, and say why (PWD-01, SEC-16)."""
        folded = unicodedata.normalize("NFKC", password).casefold()
        letters = re.sub(r"[\W_]+", "", folded)
        if folded.strip() in self.common or letters in self.common:
            raise ValidationError(
                "This password is one of the most common ones: it would be tried first.",
                code="password_too_common",
            )
        if _is_row(letters) or _is_row(folded):
            raise ValidationError(
                "This password repeats itself, or follows a row of keys.",
                code="password_too_regular",
            )
        rest = _without(letters, context_words(user))
        if rest != letters and (len(rest) < LEFT or rest in self.common):
            raise ValidationError(
                "This password is made of your name, the product, or other words that anybody"
                " here would try; little is left beside them.",
                code="password_of_context",
            )

    def get_help_text(self) -> str:
        """Say what is asked."""
        return "Not a common password, and not made of your name or of the product's."


def context_words(user: Any) -> set[str]:
    """Return the words that anybody would try for this person, folded, letters and digits only."""
    told = list(PRODUCT)
    if isinstance(user, User):
        told += [user.username, user.employee_id or "", *re.split(r"[\W_]+", user.full_name)]
        told += re.split(r"[\W_]+", user.username)
    folded = (unicodedata.normalize("NFKC", one).casefold() for one in told)
    plain = {re.sub(r"[\W_]+", "", one) for one in folded}
    return {one for one in plain if len(one) >= 3}


def _without(letters: str, words: Iterable[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        letters = letters.replace(word, "")
    return letters


def _is_row(text: str) -> bool:
    """Say whether a text is one short piece again and again, or neighbors on a keyboard."""
    half = len(text) // 2
    if any(text == (text[:size] * len(text))[: len(text)] for size in range(1, half + 1)):
        return True
    follows = sum(_are_neighbors(one, other) for one, other in pairwise(text))
    return len(text) > 1 and follows >= (len(text) - 1) * 0.8


def _are_neighbors(one: str, other: str) -> bool:
    pair, turned = one + other, other + one
    return any(pair in row or turned in row for row in ROWS)
