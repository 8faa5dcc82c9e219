"""Pages of the supply app."""

from supply.views.equipment import equipment_list, equipment_page, move

__all__ = ["equipment_list", "equipment_page", "move"]
