"""Pages of the recipes app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
