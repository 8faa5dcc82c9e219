"""Custody: what was collected, what arrived, and whether it is the expected patient's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from audit.acts import Act, command, record
from audit.models import Site
from kernel.errors import AlreadyDone, Conflict, Invalid, NotFound
from kernel.events import publish
from supply.events import BagReceived, CustodyBroken
from supply.models import ChainOfIdentity, Collection, Container, CustodyEvent
from supply.rules.identity import bag_code_of, coi_from
from supply.states import CONTAINER


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOutcome:
    """What an identity check found; a mismatch is an outcome, not an error, so that it is kept."""

    is_match: bool
    container: Container | None
    expected: str
    scanned: str
    detail: str = ""
    belongs_to_other: bool = False


@command
def record_collection(
    *,
    chain: ChainOfIdentity,
    donation_number: str,
    collected_at: datetime,
    bags: Sequence[tuple[str | None, Decimal | None]],
    site: Site,
    act: Act,
) -> Collection:
    """Record a donation and its bags; a bag without a code gets one.

    Raises:
        Conflict: the donation number or a bag code was used before.
    """
    if Collection.objects.filter(donation_number=donation_number).exists():
        raise Conflict(
            "This donation number was reported before.", pointer="/donation_number", code="used"
        )
    collection = Collection(
        chain=chain,
        donation_number=donation_number,
        collected_at=collected_at,
        site=site,
        reported_at=act.at,
    )
    collection.save(force_insert=True)
    record(act, "collect", collection)
    for ordinal, (code, volume_ml) in enumerate(bags, 1):
        pointer = f"/bags/{ordinal - 1}/code"
        if code and Container.objects.filter(code=code).exists():
            raise Conflict("This bag code was used before.", pointer=pointer, code="used")
        container = Container(
            collection=collection,
            chain=chain,
            code=code or bag_code_of(os.urandom(16)),
            ordinal=ordinal,
            volume_ml=volume_ml,
            site=site,
        )
        container.save(force_insert=True)
        record(act, "collect", container)
        _keep(chain, container, "collected", container.code, site=site, act=act)
    return collection


def _keep(
    chain: ChainOfIdentity,
    container: Container | None,
    kind: str,
    scanned: str,
    *,
    site: Site,
    act: Act,
    is_keyed: bool = False,
    is_match: bool = True,
    detail: str = "",
) -> CustodyEvent:
    event = CustodyEvent(
        chain=chain,
        container=container,
        kind=kind,
        at=act.at,
        by=act.by,
        site=site,
        scanned=scanned,
        is_keyed=is_keyed,
        is_match=is_match,
        detail=detail[:400],
    )
    event.save(force_insert=True)
    record(act, kind if is_match else "refuse", event)
    return event


def _cleaned(scanned: str) -> str:
    text = scanned.strip()
    if not text or len(text) > 120 or not text.isprintable():
        raise Invalid("Scan a bag or a label.", pointer="/value", code="unreadable")
    return text


def _compared(chain: ChainOfIdentity, scanned: str) -> IdentityOutcome:
    """Compare a scanned code with the bags and the identifier of a chain."""
    own = list(Container.objects.filter(chain=chain).order_by("id"))
    expected = ", ".join(one.code for one in own) or chain.value
    match = next((one for one in own if one.code == scanned), None)
    if match is not None:
        return IdentityOutcome(is_match=True, container=match, expected=expected, scanned=scanned)
    identifier = _identifier(scanned)
    if chain.value in (scanned, identifier):
        return IdentityOutcome(is_match=True, container=None, expected=expected, scanned=scanned)
    other = Container.objects.filter(code=scanned).exclude(chain=chain).first()
    is_other = other is not None or ChainOfIdentity.objects.filter(value=identifier).exists()
    told = "WRONG PATIENT" if is_other else "this code is not known"
    return IdentityOutcome(
        is_match=False,
        container=other,
        expected=expected,
        scanned=scanned,
        detail=f"Expected {expected}, scanned {scanned}: {told}.",
        belongs_to_other=is_other,
    )


def _identifier(scanned: str) -> str:
    try:
        return coi_from(scanned)
    except Invalid:
        return ""


def _broken(
    chain: ChainOfIdentity, outcome: IdentityOutcome, *, is_keyed: bool, site: Site, act: Act
) -> None:
    """Keep the mismatch and tell the floors above, in the transaction that found it."""
    _keep(
        chain,
        None,
        "checked",
        outcome.scanned,
        site=site,
        act=act,
        is_keyed=is_keyed,
        is_match=False,
        detail=outcome.detail,
    )
    publish(
        CustodyBroken(
            act=act,
            site_id=site.pk,
            subject=chain.value,
            chain_id=chain.pk,
            other_chain_id=outcome.container.chain_id if outcome.container else None,
            chain_of_identity=chain.value,
            expected=outcome.expected,
            scanned=outcome.scanned,
            detail=outcome.detail,
            at_site_id=site.pk,
        )
    )


@command
def check_identity(
    *,
    chain: ChainOfIdentity,
    scanned: str,
    is_keyed: bool,
    site: Site,
    used_in: str = "",
    act: Act,
) -> IdentityOutcome:
    """Check that a scanned bag or label is the expected patient's; either way it is kept.

    Args:
        used_in: the number of the batch that is going to use the bag; empty when none does.

    Raises:
        Conflict: the bag is the patient's, but another batch used it (``consumed``), or it was
            not received (``not_received``).
    """
    outcome = _compared(chain, _cleaned(scanned))
    if used_in and outcome.container is not None and outcome.is_match:
        _require_usable(outcome.container, used_in)
    if outcome.is_match:
        _keep(
            chain, outcome.container, "checked", outcome.scanned,
            site=site, act=act, is_keyed=is_keyed,
        )  # fmt: skip
    else:
        _broken(chain, outcome, is_keyed=is_keyed, site=site, act=act)
    return outcome


def _require_usable(bag: Container, used_in: str) -> None:
    if bag.state == "received" or _is_used_in(bag, used_in):
        return
    if bag.state == "consumed":
        raise Conflict(
            f"Bag {bag.code} was used for another batch: it is not used again.",
            pointer="/value",
            code="consumed",
        )
    raise Conflict(
        f"Bag {bag.code} is {bag.state}: only a bag that was received is used.",
        pointer="/value",
        code="not_received",
    )


def _is_used_in(bag: Container, used_in: str) -> bool:
    return bag.custody.filter(kind=CustodyEvent.Kind.USED, detail=used_in).exists()


@command(may_be_silent=True)
def consume_container(
    *, chain: ChainOfIdentity, code: str, used_in: str, site: Site, act: Act
) -> Container:
    """Use up a bag for a batch, once; the same batch may ask again and changes nothing.

    Args:
        used_in: the number of the batch.

    Raises:
        Conflict: another batch used it, or it was not received.
        NotFound: the chain has no such bag.
    """
    bag = Container.objects.select_for_update(of=("self",)).filter(chain=chain, code=code).first()
    if bag is None:
        raise NotFound("There is no such bag.")
    _require_usable(bag, used_in)
    if bag.state == "consumed":
        return bag
    bag.state = CONTAINER.after(bag.state, "consume")
    bag.save(update_fields=["state"])
    record(act, "consume", bag, used_in=used_in)
    _keep(chain, bag, CustodyEvent.Kind.USED, bag.code, site=site, act=act, detail=used_in)
    return bag


@command
def receive_bag(
    *, chain: ChainOfIdentity, scanned: str, is_keyed: bool, site: Site, act: Act
) -> IdentityOutcome:
    """Receive a bag that was scanned on arrival, if it is the expected patient's.

    Raises:
        AlreadyDone: this bag was received before.
        Invalid: a label was scanned, not a bag.
    """
    outcome = _compared(chain, _cleaned(scanned))
    if not outcome.is_match:
        _broken(chain, outcome, is_keyed=is_keyed, site=site, act=act)
        return outcome
    if outcome.container is None:
        raise Invalid(
            "Scan the bag, not the label of the order.", pointer="/value", code="not_a_bag"
        )
    bag = Container.objects.select_for_update(of=("self",)).get(pk=outcome.container.pk)
    if bag.state == "received":
        raise AlreadyDone(f"Bag {bag.code} was received before.")
    bag.state = CONTAINER.after(bag.state, "receive")
    bag.site = site
    bag.save(update_fields=["state", "site"])
    record(act, "receive", bag)
    _keep(chain, bag, "received", outcome.scanned, site=site, act=act, is_keyed=is_keyed)
    publish(
        BagReceived(
            act=act,
            site_id=site.pk,
            subject=chain.value,
            chain_id=chain.pk,
            container_id=bag.pk,
            chain_of_identity=chain.value,
            bag=bag.code,
        )
    )
    return outcome
