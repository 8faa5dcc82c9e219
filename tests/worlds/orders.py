"""Orders on their way, made by the commands: placed, collected, received."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from audit.models import User
from batches import commands
from batches.models import Order
from supply.models import Container
from supply.rules.iso7064 import check_character
from tests.conftest import NOON
from tests.worlds.audit import act_by, site
from tests.worlds.batches import wanted_order
from tests.worlds.recipes import effective_recipe


def placed_order(*, at_site: str = "NORTH", **changes: Any) -> Order:
    """An order of a hospital, for a patient of its own."""
    effective_recipe()
    return commands.place_order(
        wanted=wanted_order(Order.objects.count() + 1, **changes),
        site=site(at_site),
        act=act_by(),
    )


def collected_order(*, bags: int = 1, **changes: Any) -> Order:
    """An order whose bags are on their way to the plant."""
    order = placed_order(**changes)
    commands.report_collection(
        order_id=order.pk,
        donation_number=donation_number(order.pk)[:13],
        collected_at=NOON - timedelta(days=1),
        bags=[(None, Decimal(80))] * bags,
        act=act_by(),
    )
    return Order.objects.select_related("chain", "patient", "therapy").get(pk=order.pk)


def donation_number(number: int) -> str:
    """A donation number with its check character."""
    plain = f"G{number:012}"
    return plain + check_character(plain)


def bag_of(order: Order) -> Container:
    """The first bag of an order, as it stands now."""
    return Container.objects.filter(chain=order.chain).order_by("pk")[0]


def browser_of(user: User) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend="mes.sign_in.People")
    return client
