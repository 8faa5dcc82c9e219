"""Pages and resources of the monitoring app."""

from django.urls import path

from monitoring.api import Readings
from monitoring.views.sensor import acknowledge, readings_json, sensor_page
from monitoring.views.sensor_list import sensor_list

urlpatterns = [
    path("sensors/", sensor_list, name="sensors"),
    path("sensors/<str:code>/", sensor_page, name="sensor"),
    path("sensors/<str:code>/readings.json", readings_json, name="sensor-readings"),
    path("alarms/<int:alarm_id>/acknowledge/", acknowledge, name="alarm-acknowledge"),
    path("api/v1/readings/", Readings.as_view(), name="api-readings"),
]
