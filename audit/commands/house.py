"""A setting of the house is changed: by whom, from what to what, under which change control."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import HouseSetting
from audit.permissions import SETTING_CHANGERS, require, sites_of
from audit.rules.house import KEPT
from kernel.errors import Conflict, Invalid, NotFound, StaleView

SHORTEST, LONGEST, LONGEST_REFERENCE = 3, 300, 100


@command
def change_setting(
    *, name: str, value: str, seen: str, change_reference: str, act: Act
) -> HouseSetting:
    """Record a setting of the house.

    Args:
        seen: the value that stood on the screen; empty when there was none.
        change_reference: under which change control it is changed.

    Raises:
        NotFound: there is no such setting.
        NotPermitted: the person does not hold the role over all sites.
        Invalid: value or reference say nothing.
        StaleView: somebody changed it meanwhile.
        Conflict: it has this value already.
    """
    if name not in KEPT:
        raise NotFound("There is no such setting.")
    require(sites_of(act.by, *SETTING_CHANGERS) is None, "change the set-up of the house")
    value = said(value, LONGEST, "/value")
    change_reference = said(change_reference, LONGEST_REFERENCE, "/change_reference")
    setting = HouseSetting.objects.select_for_update().filter(name=name).first()
    if (setting.value if setting else "") != seen:
        raise StaleView("Somebody changed it after it was shown. Look again.")
    if setting is None:
        setting = HouseSetting(name=name)
    elif setting.value == value:
        raise Conflict("It has this value already.", code="same")
    setting.value, setting.change_reference = value, change_reference
    setting.changed_by, setting.changed_at = act.by, act.at
    setting.save()
    record(act, "set", setting, reason=f"Change control {change_reference}")
    return setting


def said(text: str, longest: int, pointer: str) -> str:
    """Return a text that says something.

    Raises:
        Invalid: it does not, or is too long, or holds what cannot be seen.
    """
    words = " ".join(text.split())
    if len(words) < SHORTEST or not any(letter.isalnum() for letter in words):
        raise Invalid("Say what it is.", pointer=pointer, code="required")
    if len(words) > longest or not words.isprintable():
        raise Invalid(f"At most {longest} letters.", pointer=pointer, code="too_long")
    return words
