"""Sites: a hospital, a point of care, a plant. Every record belongs to one."""

from django.db import models

from audit.models.recorded import Recorded, kept_history


class Site(Recorded):
    """A place where people order, collect, make or give a therapy."""

    chained_in = ("people", None)

    class Kind(models.TextChoices):
        HOSPITAL = "hospital"
        POINT_OF_CARE = "point_of_care"
        PLANT = "plant"

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind)
    time_zone = models.CharField(max_length=64, default="UTC")
    history = kept_history()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code
