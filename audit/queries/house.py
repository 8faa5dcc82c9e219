"""What the house knows of itself, and which items of its set-up are open."""

from __future__ import annotations

from dataclasses import dataclass

from audit.models import HouseSetting
from audit.rules.house import KEPT, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpItem:
    """An item of the set-up; open as long as nobody has recorded it."""

    kept: Kept
    setting: HouseSetting | None

    @property
    def is_open(self) -> bool:
        """Say whether it is still to be done."""
        return self.setting is None


def set_up_items() -> list[SetUpItem]:
    """Return the items of the set-up, in their order."""
    found = {one.name: one for one in HouseSetting.objects.select_related("changed_by")}
    return [SetUpItem(kept=one, setting=found.get(one.name)) for one in KEPT.values()]
