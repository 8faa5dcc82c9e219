"""Pages of the recipes app."""

from django.urls import path

from recipes import views

VERSION = "recipes/<str:code>/<int:number>/"

urlpatterns = [
    path("recipes/", views.recipe_list, name="recipes"),
    path(VERSION, views.recipe_page, name="recipe"),
    path(f"{VERSION}submit/", views.submit, name="recipe-submit"),
    path(f"{VERSION}check/", views.check, name="recipe-check"),
    path(f"{VERSION}schedule/", views.schedule, name="recipe-schedule"),
    path(f"{VERSION}approve/", views.approve, name="recipe-approve"),
    path(f"{VERSION}return/", views.give_back, name="recipe-return"),
    path(f"{VERSION}effective/", views.put_in_force, name="recipe-effective"),
]
