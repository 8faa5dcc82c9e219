"""Pages of the supply app."""

from django.urls import path

from supply import views

UNIT = "equipment/<str:code>/"

urlpatterns = [
    path("equipment/", views.equipment_list, name="equipment-list"),
    path(UNIT, views.equipment_page, name="equipment"),
    path(f"{UNIT}move/", views.move, name="equipment-move"),
]
