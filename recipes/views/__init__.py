"""Pages of the recipes app."""

from recipes.views.b2mml import read_b2mml
from recipes.views.beginning import new_recipe, new_version, read_recipe, write_recipe
from recipes.views.compare import comment, compare, resolve
from recipes.views.designer import design, edit, try_formula
from recipes.views.inserting import insert, take
from recipes.views.library import library_entry, library_list, new_entry
from recipes.views.preview import preview
from recipes.views.versions import (
    approve,
    check,
    give_back,
    put_in_force,
    recipe_list,
    recipe_page,
    schedule,
    submit,
)

__all__ = [
    "approve",
    "check",
    "comment",
    "compare",
    "design",
    "edit",
    "give_back",
    "insert",
    "library_entry",
    "library_list",
    "new_entry",
    "new_recipe",
    "new_version",
    "preview",
    "put_in_force",
    "read_b2mml",
    "read_recipe",
    "recipe_list",
    "recipe_page",
    "resolve",
    "schedule",
    "submit",
    "take",
    "try_formula",
    "write_recipe",
]
