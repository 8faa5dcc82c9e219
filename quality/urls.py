"""Pages of the quality app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
