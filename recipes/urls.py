"""Pages of the recipes app."""

from django.urls import path

from recipes import views

VERSION = "recipes/<str:code>/<int:number>/"

urlpatterns = [
    path("recipes/", views.recipe_list, name="recipes"),
    path("recipes/new/", views.new_recipe, name="recipe-new"),
    path("recipes/import/", views.read_recipe, name="recipe-import"),
    path("recipes/import/b2mml/", views.read_b2mml, name="recipe-b2mml"),
    path("recipes/library/", views.library_list, name="library"),
    path("recipes/library/new/", views.new_entry, name="library-new"),
    path("recipes/library/<str:code>/", views.library_entry, name="library-entry"),
    path(VERSION, views.recipe_page, name="recipe"),
    path(f"{VERSION}submit/", views.submit, name="recipe-submit"),
    path(f"{VERSION}check/", views.check, name="recipe-check"),
    path(f"{VERSION}schedule/", views.schedule, name="recipe-schedule"),
    path(f"{VERSION}approve/", views.approve, name="recipe-approve"),
    path(f"{VERSION}return/", views.give_back, name="recipe-return"),
    path(f"{VERSION}effective/", views.put_in_force, name="recipe-effective"),
    path(f"{VERSION}new-version/", views.new_version, name="recipe-new-version"),
    path(f"{VERSION}yaml/", views.write_recipe, name="recipe-yaml"),
    path(f"{VERSION}design/", views.design, name="recipe-design"),
    path(f"{VERSION}edit/", views.edit, name="recipe-edit"),
    path(f"{VERSION}insert/", views.insert, name="recipe-insert"),
    path(f"{VERSION}take/", views.take, name="recipe-take"),
    path(f"{VERSION}try/", views.try_formula, name="recipe-try"),
    path(f"{VERSION}preview/", views.preview, name="recipe-preview"),
    path(f"{VERSION}compare/", views.compare, name="recipe-compare"),
    path(f"{VERSION}comments/", views.comment, name="recipe-comment"),
    path(f"{VERSION}comments/<int:comment_id>/resolve/", views.resolve, name="recipe-resolve"),
]
