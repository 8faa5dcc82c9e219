"""What records and verbs are called, where they are shown, and which streams belong to a site.

The ground floor keeps the ledger of every floor and may ask none of them. The roof knows all the
records, and hands their names down (``mes.vocabulary``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils.http import urlencode

Subject = tuple[str, str]
# The streams of these sites, each a query of stream names.
StreamsOf = Callable[[Iterable[int]], list[QuerySet[Any, Any]]]
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """How one kind of record is named.

    Args:
        text: the name as a subject, with the values of ``fields`` in braces.
        short: the name where another record refers to it; as ``text`` when empty.
        href: where it is shown, in the same terms; nowhere when empty.
        found_by: the field by which a reader finds it ("B-000012"); none when empty.
        unit: the field that holds the unit of what is ``measured``.
        measured: the fields that are numbers of that unit.
    """

    text: str
    fields: tuple[str, ...] = ()
    short: str = ""
    href: str = ""
    found_by: str = ""
    unit: str = ""
    measured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words of the ledger.

    Args:
        names: how each kind of record is named.
        verbs: what each verb is called, in the past tense ("Put on hold").
        critical: the verbs that a reviewer must look at.
        critical_of: those that are critical for one kind of record only: (kind, verb).
        house_kinds: the kinds of streams that everybody with a role may read ("recipe").
        site_kinds: the kinds of streams that belong to sites ("batch").
        streams_of: the streams of sites.
        patient_streams_of: the streams of patients who are treated by sites, for quality only.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    verbs: Mapping[str, str] = field(default_factory=dict)
    critical: tuple[str, ...] = ()
    critical_of: tuple[tuple[str, str], ...] = ()
    house_kinds: tuple[str, ...] = ()
    site_kinds: tuple[str, ...] = ()
    streams_of: StreamsOf = lambda _sites: []
    patient_streams_of: StreamsOf = lambda _sites: []


_vocabulary: list[Vocabulary] = [Vocabulary()]


def set_vocabulary(words: Vocabulary) -> None:
    """Replace the words of the ledger; the roof hands them down."""
    _vocabulary[0] = words


def vocabulary() -> Vocabulary:
    """Return the words of the ledger."""
    return _vocabulary[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record in words, and where it is shown."""

    text: str
    short: str
    href: str = ""
    unit: str = ""


def kind_in_words(label: str) -> str:
    """Return what a kind of record is called."""
    try:
        return str(apps.get_model(label)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        return label


def verb_in_words(verb: str) -> str:
    """Return what a verb is called; an unknown one as it is written, with its blanks."""
    return vocabulary().verbs.get(verb) or verb.replace("_", " ").capitalize()


def named(subjects: Iterable[Subject]) -> dict[Subject, Named]:
    """Return the names of records, one question for each kind."""
    by_label: dict[str, set[str]] = defaultdict(set)
    for label, pk in subjects:
        by_label[label].add(pk)
    found: dict[Subject, Named] = {}
    for label, ids in by_label.items():
        known = _known(label, ids)
        for pk in ids:
            kind = f"{kind_in_words(label)} {pk}"
            found[label, pk] = known.get(pk) or Named(text=kind, short=kind)
    return found


def _known(label: str, ids: Iterable[str]) -> dict[str, Named]:
    name = vocabulary().names.get(label)
    wanted = [int(pk) for pk in ids if pk.isascii() and pk.isdigit() and int(pk) <= LARGEST_ID]
    if name is None or not wanted:
        return {}
    columns = [*name.fields, *([name.unit] if name.unit else [])]
    rows = apps.get_model(label)._base_manager.filter(pk__in=wanted).values_list("pk", *columns)
    return {str(pk): _filled(name, values) for pk, *values in rows}


def _filled(name: Name, values: list[Any]) -> Named:
    unit = str(values.pop() or "") if name.unit else ""
    words = [str(value).replace("_", " ") for value in values]
    text = name.text.format(*words)
    return Named(
        text=text,
        short=name.short.format(*words) if name.short else text,
        href=name.href.format(*values),
        unit=unit,
    )


def place_of(text: str) -> Q | None:
    """Return where in the ledger a record is that a reader names; None when there is none.

    What has a number or a code is found by it: the whole stream of a batch, a chain of identity,
    a recipe, a sensor; the entries of that one record else. Any record is found by its kind and
    id, as the links of the ledger write it ("batches.StepValue:55").
    """
    label, colon, pk = text.partition(":")
    if colon and label in vocabulary().names and pk:
        return Q(subject_type=label, subject_id=pk)
    found: Q | None = None
    for kind, name in vocabulary().names.items():
        if not name.found_by:
            continue
        model: Any = apps.get_model(kind)
        spelled = {text, text.upper(), text.casefold()}
        for one in model._base_manager.filter(**{f"{name.found_by}__in": spelled})[:5]:
            is_whole = model.chained_in[1] == "pk"
            here = Q(stream=one.stream())
            here = here if is_whole else here & Q(subject_type=kind, subject_id=str(one.pk))
            found = here if found is None else found | here
    return found


def trail_href(record: str) -> str:
    """Return where the trail of a record is read."""
    return f"/ledger/?{urlencode({'record': record})}"
