"""Pages of the supply app."""

from django.urls import path

from supply import views

UNIT = "equipment/<str:code>/"
CERTIFICATE = f"{UNIT}calibrations/<int:calibration_id>/"

urlpatterns = [
    path("equipment/", views.equipment_list, name="equipment-list"),
    path(UNIT, views.equipment_page, name="equipment"),
    path(f"{UNIT}move/", views.move, name="equipment-move"),
    path(f"{UNIT}sign/", views.sign_unit, name="equipment-sign"),
    path(f"{UNIT}logbook/", views.logbook, name="equipment-logbook"),
    path(f"{UNIT}maintenance/", views.maintain, name="equipment-maintain"),
    path(f"{UNIT}reservations/", views.reserve, name="equipment-reserve"),
    path(
        f"{UNIT}reservations/<int:reservation_id>/cancel/",
        views.cancel,
        name="reservation-cancel",
    ),
    path(f"{UNIT}place/", views.place, name="equipment-place"),
    path(f"{UNIT}scale/", views.connect, name="equipment-connect"),
    path(f"{UNIT}check/", views.check, name="equipment-check"),
    path(f"{UNIT}calibrations/", views.calibrate, name="equipment-calibrate"),
    path(f"{CERTIFICATE}accept/", views.accept, name="calibration-accept"),
    path(f"{CERTIFICATE}decline/", views.decline, name="calibration-decline"),
    path("equipment-classes/", views.class_list, name="equipment-classes"),
    path("equipment-classes/<str:code>/", views.class_page, name="equipment-class"),
    path("equipment-classes/<str:code>/describe/", views.describe, name="equipment-class-describe"),
]
