"""Pages of the supply app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
