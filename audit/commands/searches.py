"""The searches that people keep: filters of the ledger, under a name of their own."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command
from audit.models import SavedSearch
from kernel.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 60
MOST = 30


@command(may_be_silent=True)
def save_search(*, name: str, filters: dict[str, Any], act: Act) -> SavedSearch:
    """Keep a filter under a name; the same name again keeps the new filter.

    Raises:
        Invalid: the name is empty or too long, or there is nothing to keep.
        Conflict: this person keeps too many.
    """
    words = " ".join(name.split())
    if not words or len(words) > LONGEST_NAME or not words.isprintable():
        raise Invalid(
            f"A search has a name of 1 to {LONGEST_NAME} letters.", pointer="/name", code="name"
        )
    if not filters:
        raise Invalid("There is no filter to keep.", pointer="/name", code="empty")
    mine = SavedSearch.objects.select_for_update().filter(person=act.by)
    known = mine.filter(name=words).first()
    if known is None and mine.count() >= MOST:
        raise Conflict(f"You keep {MOST} searches already: remove one.", code="too_many")
    made = known or SavedSearch(person=act.by, name=words)
    made.filters, made.saved_at = filters, act.at
    made.save()
    return made


@command(may_be_silent=True)
def forget_search(*, search_id: int, act: Act) -> None:
    """Remove a search of one's own.

    Raises:
        NotFound: there is none, or it is another person's.
    """
    gone, _ = SavedSearch.objects.filter(pk=search_id, person=act.by).delete()
    if not gone:
        raise NotFound("You keep no such search.")
