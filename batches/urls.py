"""Pages of the batches app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
